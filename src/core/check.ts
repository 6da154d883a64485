import type * as z from "zod";
import { inOlderWords, olderWordsIn, translated } from "./older-words.ts";
import { type FieldError, invalid, pointerTo, type Problem, UNKNOWN_FIELD } from "./problem.ts";

/**
 * The value as the schema has it, or the Problem `invalid_request`, which lists what is wrong with it. Words of older systems
 * are taken for ours (older-words.ts); only a value that was refused is looked through for them.
 */
export function check<T>(schema: z.ZodType<T>, value: unknown): T | Problem {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const { issues } = parsed.error;
  const found = olderWordsIn(unknownFields(issues), value);
  if (found.length === 0) return invalid(fieldErrors(issues));
  const again = schema.safeParse(translated(value, found));
  return again.success ? again.data : invalid(inOlderWords(fieldErrors(again.error.issues), found));
}

type Issues = readonly z.core.$ZodIssue[];

/** What zod found, one error a place. */
export function fieldErrors(issues: Issues, base: readonly PropertyKey[] = []): FieldError[] {
  return issues.flatMap((issue): FieldError[] => {
    const path = [...base, ...issue.path];
    switch (issue.code) {
      case "unrecognized_keys":
        return issue.keys.map((key) => ({ pointer: pointerTo([...path, key]), detail: UNKNOWN_FIELD }));
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

/** Where a value has fields that its schema, or one branch of a union, does not know. */
function unknownFields(
  issues: Issues,
  base: readonly PropertyKey[] = [],
): { path: readonly PropertyKey[]; keys: readonly string[] }[] {
  return issues.flatMap((issue) => {
    const path = [...base, ...issue.path];
    if (issue.code === "unrecognized_keys") return [{ path, keys: issue.keys }];
    if (issue.code === "invalid_union") return issue.errors.flatMap((branch) => unknownFields(branch, path));
    return [];
  });
}
