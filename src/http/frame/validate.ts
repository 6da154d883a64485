import * as z from "zod";
import { JSON_DEPTH_MAX, pointerStep } from "../../json-schema/index.ts";
import { type FieldError, invalid, type Problem } from "../../core/problem.ts";

export const BODY_BYTES_MAX = 256 * 1024;

const pointerTo = (path: readonly PropertyKey[]): string =>
  path.map((step) => pointerStep(String(step))).join("");

/** A list of what is wrong, with RFC 6901 pointers, from what zod found. */
export function fieldErrors(
  issues: readonly z.core.$ZodIssue[],
  base: readonly PropertyKey[] = [],
): FieldError[] {
  return issues.flatMap((issue): FieldError[] => {
    const path = [...base, ...issue.path];
    switch (issue.code) {
      case "unrecognized_keys":
        return issue.keys.map((key) => ({ pointer: pointerTo([...path, key]), detail: "unknown field" }));
      case "invalid_union": {
        // The branch that got furthest, knows most of the keys, and has the least to complain of, is the one that was meant.
        const depth = (branch: readonly z.core.$ZodIssue[]) =>
          Math.max(...branch.map(({ path: p, code }) => p.length + (code === "unrecognized_keys" ? 1 : 0)));
        const unknownKeys = (branch: readonly z.core.$ZodIssue[]) =>
          branch.reduce(
            (sum, found) => sum + (found.code === "unrecognized_keys" ? found.keys.length : 0),
            0,
          );
        const branches = issue.errors
          .filter((branch) => branch.length > 0)
          .toSorted((a, b) => depth(b) - depth(a) || unknownKeys(a) - unknownKeys(b) || a.length - b.length);
        const [closest] = branches;
        if (closest && depth(closest) > 0) return fieldErrors(closest, path);
        return [
          {
            pointer: pointerTo(path),
            detail: branches.map(([first]) => first!.message).join(", or ") || issue.message,
          },
        ];
      }
      default: {
        const isMissing = issue.code === "invalid_type" && issue.message.endsWith("received undefined");
        return [{ pointer: pointerTo(path), detail: isMissing ? "is required" : issue.message }];
      }
    }
  });
}

export function check<T>(schema: z.ZodType<T>, value: unknown): T | Problem {
  const parsed = schema.safeParse(value);
  return parsed.success ? parsed.data : invalid(fieldErrors(parsed.error.issues));
}

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: false });

/** @throws {Problem} `invalid_request` */
export async function readJson(request: Request, emptyIsObject: boolean): Promise<unknown> {
  const bytes = await request.arrayBuffer();
  if (bytes.byteLength === 0 && emptyIsObject) return {};
  let value: unknown;
  try {
    value = JSON.parse(utf8.decode(bytes));
  } catch {
    throw invalid([{ pointer: "", detail: "must be JSON in UTF-8" }]);
  }
  refuseHostile(value);
  return value;
}

/** Refuses what the code behind cannot walk safely: nesting that overflows a stack, and a key that sets a prototype. */
function refuseHostile(root: unknown): void {
  const stack: { value: unknown; path: readonly string[] }[] = [{ value: root, path: [] }];
  for (let item = stack.pop(); item; item = stack.pop()) {
    const { value, path } = item;
    if (typeof value !== "object" || value === null) continue;
    if (path.length >= JSON_DEPTH_MAX) {
      throw invalid([{ pointer: pointerTo(path), detail: `nested deeper than ${JSON_DEPTH_MAX}` }]);
    }
    for (const [key, inner] of Object.entries(value)) {
      if (key === "__proto__")
        throw invalid([{ pointer: pointerTo([...path, key]), detail: "not allowed as a key" }]);
      if (typeof inner === "object" && inner !== null) stack.push({ value: inner, path: [...path, key] });
    }
  }
}

/**
 * Query parameters as the schema's fields: those that are arrays there may repeat, others may not, and unknown ones are
 * refused with the list of the known.
 */
export function checkQuery<T>(
  schema: z.ZodType<T> | undefined,
  search: string,
  ignoreUnknown = false,
): T | Problem {
  if (search === "" && !schema) return undefined as T;
  const params = new URLSearchParams(search);
  const shape = schema instanceof z.ZodObject ? (schema.shape as Record<string, z.ZodType>) : {};
  const known = Object.keys(shape);
  const errors: FieldError[] = [];
  const raw: Record<string, unknown> = {};
  for (const name of new Set(params.keys())) {
    const values = params.getAll(name);
    if (!Object.hasOwn(shape, name)) {
      if (ignoreUnknown) continue;
      const list = known.length > 0 ? `the known ones are ${known.join(", ")}` : "this route takes none";
      errors.push({ pointer: pointerTo([name]), detail: `unknown parameter; ${list}` });
    } else if (repeats(shape[name]!)) raw[name] = values;
    else if (values.length > 1) errors.push({ pointer: pointerTo([name]), detail: "given more than once" });
    else raw[name] = values[0];
  }
  const parsed = schema?.safeParse(raw);
  if (parsed && !parsed.success) errors.push(...fieldErrors(parsed.error.issues));
  if (errors.length > 0) return invalid(errors);
  return parsed?.data as T;
}

function repeats(type: z.ZodType): boolean {
  let inner: unknown = type;
  while (inner instanceof z.ZodDefault || inner instanceof z.ZodOptional) inner = inner.unwrap();
  return inner instanceof z.ZodArray;
}

/** Parameters arrive as text; these say what the text must look like, and tell the document what it means. */
export const param = {
  integer: (min: number, max: number) =>
    z
      .string()
      .regex(/^\d{1,15}$/, "must be a whole number")
      .transform(Number)
      .pipe(z.number().min(min).max(max))
      .meta({ type: "integer", minimum: min, maximum: max, pattern: undefined }),
  number: (min: number, max: number) =>
    z
      .string()
      .regex(/^\d{1,12}(\.\d{1,12})?$/, "must be a plain decimal number")
      .transform(Number)
      .pipe(z.number().min(min).max(max))
      .meta({ type: "number", minimum: min, maximum: max, pattern: undefined }),
  flag: () => z.enum(["true", "false"]).default("false"),
};
