import * as z from "zod";
import { toolsetHealth } from "../core/toolsets/health.ts";
import { decodeOpaque, encodeOpaque } from "../registry/opaque.ts";
import type { FoundTool } from "../registry/toolsets/tool-name.ts";
import type { Face } from "./face.ts";
import { isListed, type ListPosition, listsToolsets, nameOn, toolsOn } from "./offered-tools.ts";
import { ownTools } from "./own-tools.ts";
import { parsed } from "./parsed-json.ts";
import { invalidParams, type Json } from "./protocol.ts";
import type { RpcRequest } from "./request.ts";
import { inputSchemaOf, outputSchemaOf } from "./schema-projection.ts";

/** Many clients read the first page alone, so it holds all that a client can be expected to take. In bytes of JSON. */
const PAGE_BYTES_MAX = 1_000_000;
/** How long a client may keep the list. Health is not in it for that reason alone: see `find_tools`. */
const TTL_MS = 5000;

/** What a result of the modern era says of being kept: lists differ by key. */
export const CACHING = { ttlMs: TTL_MS, cacheScope: "private" } as const;

type Revision = Pick<RpcRequest, "era" | "version">;

/**
 * The result of `tools/list`: Rollcall's own tools, then those of toolsets, one page unless they take more than 1 MB.
 *
 * @throws {RpcError} for a cursor that is none of ours; {Problem} as of `toolsOn`
 */
export async function listTools(face: Face, { params, ...revision }: RpcRequest, now: number): Promise<Json> {
  const start = readCursor(params["cursor"]);
  const tools: Json[] = start ? [] : ownTools(face);
  let bytes = 0;
  let nextCursor: string | undefined;
  if (listsToolsets(face)) {
    for await (const offered of toolsOn(face, start, now)) {
      if (!isListed(face, offered, now)) continue;
      const tool = listedTool(face, offered, revision, now);
      bytes += bytesOf(tool);
      if (bytes > PAGE_BYTES_MAX && tools.length > 0) {
        nextCursor = writeCursor({ toolset: offered.entry.document.registration.id, index: offered.index });
        break;
      }
      tools.push(tool);
    }
  }
  return {
    tools,
    ...(nextCursor !== undefined && { nextCursor }),
    ...(revision.era === "modern" && CACHING),
  };
}

const encoder = new TextEncoder();
const bytesOf = (value: Json): number => encoder.encode(JSON.stringify(value)).length;

/** A tool as MCP lists it. */
export function listedTool(
  face: Face,
  { entry, tool }: FoundTool,
  { era, version }: Revision,
  now: number,
): Json {
  const { id } = entry.document.registration;
  const { icons, _meta, ...rest } = tool.mcp ?? {};
  const { healthy, last_pong } = toolsetHealth(entry, face.namespace.ping, now);
  const outputSchema = outputSchemaOf(tool.result_schema, era);
  return {
    name: nameOn(face, id, tool),
    ...rest,
    description: tool.description || `${tool.name} of ${id}`,
    inputSchema: inputSchemaOf(tool.payload_schema),
    ...(outputSchema && { outputSchema }),
    ...(icons && version >= ICONS_SINCE && { icons }),
    _meta: { ..._meta, "example.rollcall/health": { healthy, last_pong } },
  };
}

const ICONS_SINCE = "2025-11-25";

const position = z.tuple([z.string().min(1), z.int().min(0)]);

const writeCursor = ({ toolset, index }: ListPosition): string =>
  encodeOpaque(JSON.stringify([toolset, index]));

function readCursor(cursor: unknown): ListPosition | undefined {
  if (cursor === undefined) return undefined;
  const read = typeof cursor === "string" ? position.safeParse(parsed(decodeOpaque(cursor))).data : undefined;
  if (!read) throw invalidParams("This cursor is none of this list.");
  const [toolset, index] = read;
  return { toolset, index };
}
