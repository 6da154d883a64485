import * as z from "zod";
import type { JsonSchema } from "../core/toolsets/tool.ts";
import { decodedHeader } from "./header-value.ts";
import type { Json } from "./protocol.ts";
import { headerMismatch } from "./request.ts";

const object = z.record(z.string(), z.unknown());
/** Values that a header can repeat. */
const TYPES: ReadonlySet<unknown> = new Set(["string", "integer", "number", "boolean"]);
const HEADER_NAME = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;

/**
 * Checks the headers `Mcp-Param-<name>`: a tool's schema marks arguments with `x-mcp-header: <name>`, and a client repeats their
 * values there for those on the way. Only marks that are reached through `properties` alone count.
 *
 * @throws {RpcError} where a header and the argument disagree, the one missing while the other is there included
 */
export function checkMirroredArguments(schema: JsonSchema, args: Json, headers: Headers): void {
  const { properties } = object.safeParse(schema).data ?? {};
  for (const [name, property] of Object.entries(object.safeParse(properties).data ?? {})) {
    const declared = object.safeParse(property).data;
    if (!declared) continue;
    const value = Object.hasOwn(args, name) ? args[name] : undefined;
    const mark = declared["x-mcp-header"];
    if (typeof mark === "string" && HEADER_NAME.test(mark) && TYPES.has(declared["type"])) {
      const header = `Mcp-Param-${mark}`;
      if (!agree(headers.get(header), value)) throw headerMismatch(`${header} is not the argument "${name}"`);
    }
    const inner = object.safeParse(value).data;
    if (inner) checkMirroredArguments(declared, inner, headers);
  }
}

function agree(header: string | null, value: unknown): boolean {
  if (value === undefined || value === null) return header === null;
  const said = decodedHeader(header);
  if (said === undefined) return false;
  if (typeof value === "number") return said.trim() !== "" && Number(said) === value;
  return typeof value === "object" ? false : said === `${value as string | boolean}`;
}
