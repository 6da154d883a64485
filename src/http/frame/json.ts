import { invalid, pointerTo, Problem } from "../../core/problem.ts";
import { JSON_DEPTH_MAX } from "../../json-schema/index.ts";

/** Of a body, where the endpoint says no other. */
export const BODY_BYTES_MAX = 256 * 1024;

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: false });

/**
 * Reads a body as JSON, and refuses what would not arrive as it was sent.
 *
 * @param emptyIsObject  an empty body is taken as `{}`
 * @throws {Problem} `invalid_request`: no JSON in UTF-8, nested too deeply, `__proto__` as a name, or a number that a
 *   double would change
 */
export async function readJson(request: Request, emptyIsObject: boolean): Promise<unknown> {
  const bytes = await request.arrayBuffer();
  if (bytes.byteLength === 0 && emptyIsObject) return {};
  return parsed(bytes);
}

/** A line of a body, checked as a body is; a Problem in place of the value where it is refused. */
export interface SentLine {
  /** From 1. */
  number: number;
  value: unknown;
}

/** Reads a body of JSON values, one a line; empty lines are left out. */
export async function readLines(request: Request): Promise<SentLine[]> {
  const bytes = new Uint8Array(await request.arrayBuffer());
  const lines: SentLine[] = [];
  for (let [start, number] = [0, 1]; start < bytes.length; number += 1) {
    const end = bytes.indexOf(NEWLINE, start);
    const line = bytes.subarray(start, end < 0 ? bytes.length : end);
    start += line.length + 1;
    if (line.every((byte) => byte <= SPACE)) continue;
    lines.push({ number, value: valueOf(line) });
  }
  return lines;
}

const [NEWLINE, SPACE] = [0x0a, 0x20];

function valueOf(line: Uint8Array): unknown {
  try {
    return parsed(line);
  } catch (error) {
    if (error instanceof Problem) return error;
    throw error;
  }
}

function parsed(bytes: ArrayBuffer | Uint8Array): unknown {
  const changed: ChangedNumbers = new Map();
  let root: unknown;
  try {
    const text = utf8.decode(bytes);
    root = MAY_CHANGE.test(text) ? JSON.parse(text, noting(changed)) : JSON.parse(text);
  } catch {
    throw invalid([{ pointer: "", detail: "must be JSON in UTF-8" }]);
  }
  refuseUnsafe(root, changed);
  return root;
}

/**
 * Only a text with 16 digits in a row, or an exponent of three digits, can have a number that a double changes or cannot
 * hold. Most bodies have neither, and are parsed without a look at each number.
 */
const MAY_CHANGE = /\d{16}|e[+-]?0*\d{3}/i;

/** What is wrong with the numbers of an object or array, by name or index. */
type ChangedNumbers = Map<object, Map<string, string>>;

/** A reviver that leaves everything as it is and notes the numbers that were changed. */
const noting = (changed: ChangedNumbers) =>
  function note(this: object, key: string, value: unknown, context?: { source?: string }): unknown {
    const detail = typeof value === "number" ? changeOf(context?.source ?? "", value) : undefined;
    if (detail !== undefined)
      changed.set(this, (changed.get(this) ?? new Map<string, string>()).set(key, detail));
    return value;
  };

/** A literal with a point or an exponent means a double; one with neither means the integer that it spells. */
function changeOf(literal: string, value: number): string | undefined {
  if (!Number.isFinite(value)) return "is beyond what a number can hold (1.8e308)";
  if (/[.e]/i.test(literal) || integerDigits(value) === literal.replace("-", "")) return undefined;
  return `is an integer that would arrive as ${integerDigits(value)}: send it as a string`;
}

/** The digits of an integer, without its sign and without an exponent. */
function integerDigits(value: number): string {
  const [mantissa = "", exponent] = String(Math.abs(value)).split("e+");
  return exponent === undefined ? mantissa : mantissa.replace(".", "").padEnd(Number(exponent) + 1, "0");
}

/** Refuses nesting that would overflow a stack, a name that sets a prototype, and numbers that were changed. */
function refuseUnsafe(root: unknown, changed: ChangedNumbers): void {
  const stack: { value: unknown; path: readonly string[] }[] = [{ value: root, path: [] }];
  for (let item = stack.pop(); item; item = stack.pop()) {
    const { value, path } = item;
    if (typeof value !== "object" || value === null) continue;
    const at = (...more: string[]) => pointerTo([...path, ...more]);
    if (path.length >= JSON_DEPTH_MAX) {
      throw invalid([{ pointer: at(), detail: `nested deeper than ${JSON_DEPTH_MAX}` }]);
    }
    const numbers = changed.get(value);
    if (numbers) throw invalid([...numbers].map(([key, detail]) => ({ pointer: at(key), detail })));
    for (const [key, inner] of Object.entries(value)) {
      if (key === "__proto__") throw invalid([{ pointer: at(key), detail: "not allowed as a key" }]);
      if (typeof inner === "object" && inner !== null) stack.push({ value: inner, path: [...path, key] });
    }
  }
}
