import * as z from "zod";
import { entryId, label } from "../names.ts";

const TOOLS_MAX = 200;

const description = z.string().max(4096).default("");
const tags = z.array(label(128)).max(100).default([]);
/** A JSON Schema: an object, or true or false. src/json-schema checks what is in it. */
const schema = z.union([z.record(z.string(), z.unknown()), z.boolean()]);
export type JsonSchema = z.output<typeof schema>;

const tool = z.strictObject({
  name: entryId,
  description,
  tags,
  payload_schema: schema,
  result_schema: schema,
  sidecar_schema: schema.optional(),
});

/** What `POST /v1/toolsets` takes (source 3's Register). */
export const toolsetInput = z.strictObject({
  name: entryId.refine((name) => name !== "search", "is taken: it is a route's"),
  description,
  version: z
    .string()
    .max(64)
    .regex(/^v?\d+\.\d+\.\d+(-[a-zA-Z0-9.]+)?$/, "must be a semantic version")
    .default("1.0.0"),
  tags,
  tools: z
    .array(tool)
    .min(1)
    .max(TOOLS_MAX)
    .superRefine((list, context) => {
      const seen = new Set<string>();
      list.forEach(({ name }, index) => {
        if (seen.has(name)) {
          context.addIssue({ code: "custom", path: [index, "name"], message: "is the name of two tools" });
        }
        seen.add(name);
      });
    }),
});
export type ToolsetInput = z.output<typeof toolsetInput>;

/** A tool as it is kept. The hashes are of its schemas' content, so that a call finds a compiled schema without hashing it. */
export type Tool = ToolsetInput["tools"][number] & { payload_hash: string; result_hash: string };

/** A toolset as it is kept; its name is its id. */
export interface ToolsetRegistration {
  id: string;
  description: string;
  version: string;
  tags: string[];
  tools: Tool[];
}

/** A toolset's lease, which each pong writes anew. It has no end, and is removed with its registration. */
export interface ToolsetPulse {
  /** ms since the Unix epoch; null before the first pong */
  lastPongAt: number | null;
  expiresAt: null;
}
