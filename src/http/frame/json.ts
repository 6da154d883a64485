import { pointerTo } from "../../core/check.ts";
import { invalid } from "../../core/problem.ts";
import { JSON_DEPTH_MAX } from "../../json-schema/index.ts";

export const BODY_BYTES_MAX = 256 * 1024;

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: false });

/**
 * A request's body.
 *
 * @param emptyIsObject  an empty body is taken as `{}`
 * @throws {Problem} `invalid_request`
 */
export async function readJson(request: Request, emptyIsObject: boolean): Promise<unknown> {
  const bytes = await request.arrayBuffer();
  if (bytes.byteLength === 0 && emptyIsObject) return {};
  let value: unknown;
  try {
    value = JSON.parse(utf8.decode(bytes));
  } catch {
    throw invalid([{ pointer: "", detail: "must be JSON in UTF-8" }]);
  }
  refuseUnsafe(value);
  return value;
}

/** Refuses what later code cannot walk safely: nesting that would overflow a stack, and a key that sets a prototype. */
function refuseUnsafe(root: unknown): void {
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
