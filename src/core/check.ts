import type * as z from "zod";
import { type FieldError, invalid, type Problem } from "./problem.ts";

/** The value as the schema has it, or the Problem `invalid_request`, which lists what is wrong with it. */
export function check<T>(schema: z.ZodType<T>, value: unknown): T | Problem {
  const parsed = schema.safeParse(value);
  return parsed.success ? parsed.data : invalid(fieldErrors(parsed.error.issues));
}

/** RFC 6901, from the steps of a path. */
export const pointerTo = (path: readonly PropertyKey[]): string =>
  path.map((step) => `/${String(step).replaceAll("~", "~0").replaceAll("/", "~1")}`).join("");

type Issues = readonly z.core.$ZodIssue[];

/** What zod found, one error a place. */
export function fieldErrors(issues: Issues, base: readonly PropertyKey[] = []): FieldError[] {
  return issues.flatMap((issue): FieldError[] => {
    const path = [...base, ...issue.path];
    switch (issue.code) {
      case "unrecognized_keys":
        return issue.keys.map((key) => ({ pointer: pointerTo([...path, key]), detail: "unknown field" }));
      case "invalid_union":
        return unionErrors(issue, path);
      default: {
        const isMissing = issue.code === "invalid_type" && issue.message.endsWith("received undefined");
        return [{ pointer: pointerTo(path), detail: isMissing ? "is required" : issue.message }];
      }
    }
  });
}

/** The errors of the branch that was most likely meant; where no branch knows any of the fields, what each would take. */
function unionErrors(
  { errors, message }: z.core.$ZodIssueInvalidUnion,
  path: readonly PropertyKey[],
): FieldError[] {
  const branches = errors
    .filter((branch) => branch.length > 0)
    .toSorted(
      (a, b) => depthOf(b) - depthOf(a) || unknownKeysOf(a) - unknownKeysOf(b) || a.length - b.length,
    );
  const [closest] = branches;
  if (closest && depthOf(closest) > 0) return fieldErrors(closest, path);
  const detail = branches.map(([first]) => first!.message).join(", or ") || message;
  return [{ pointer: pointerTo(path), detail }];
}

/** How far into the value a branch got before it failed. */
const depthOf = (branch: Issues): number =>
  Math.max(...branch.map(({ path, code }) => path.length + (code === "unrecognized_keys" ? 1 : 0)));

const unknownKeysOf = (branch: Issues): number =>
  branch.reduce((sum, issue) => sum + (issue.code === "unrecognized_keys" ? issue.keys.length : 0), 0);
