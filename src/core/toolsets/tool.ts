import * as z from "zod";
import { label } from "../names.ts";

/** In characters; longer than a toolset's, because models read it as the tool's manual. */
const DESCRIPTION_MAX = 16_384;
/** What MCP lists of a tool besides its name, description and schemas, in characters of JSON. */
const MCP_FIELDS_MAX = 16_384;

export const tags = z.array(label(128)).max(100).default([]);

/** A JSON Schema: an object, or true or false. src/json-schema checks what is in it. */
const schema = z.union([z.record(z.string(), z.unknown()), z.boolean()]);
export type JsonSchema = z.output<typeof schema>;

/**
 * Whether an object may satisfy a schema, by what its root says of its type, its constant and its values. What its parts
 * exclude besides, a call finds out.
 */
export function allowsObjects(root: JsonSchema): boolean {
  if (typeof root === "boolean") return root;
  const { type, const: constant, enum: values } = root;
  const isObject = (value: unknown) => typeof value === "object" && value !== null && !Array.isArray(value);
  if (type !== undefined && type !== "object" && !(Array.isArray(type) && type.includes("object")))
    return false;
  if (Object.hasOwn(root, "const") && !isObject(constant)) return false;
  return !Array.isArray(values) || values.some(isObject);
}

/**
 * A tool's name, as loose as MCP servers are. A slash is excluded because callers put the name into a path, and `.` and `..`
 * because URLs resolve them there, even percent-encoded.
 */
const toolName = z
  .string()
  .regex(
    /^(?!\.{1,2}$)[^/\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]{1,128}$/u,
    "must be 1 to 128 printable characters without a slash",
  );

const fields = z.record(z.string(), z.unknown());
export const mcpFields = z.strictObject({
  title: z.string().optional(),
  annotations: fields.optional(),
  icons: z.array(fields).optional(),
  _meta: fields.optional(),
});
export type McpFields = z.output<typeof mcpFields>;

/** What `POST /v1/toolsets` takes of each tool: source 3's fields, or MCP's, or of both. */
export const toolInput = z
  .strictObject({
    name: toolName,
    description: z.string().max(DESCRIPTION_MAX).default(""),
    tags,
    payload_schema: schema.optional(),
    /** True unless said. */
    result_schema: schema.optional(),
    sidecar_schema: schema.optional(),
    ...mcpFields.shape,
    /** The four before, as GET shows them. */
    mcp: mcpFields.optional(),
    /** MCP's name of `payload_schema`. */
    inputSchema: schema.optional(),
    /** MCP's name of `result_schema`. */
    outputSchema: schema.optional(),
    /** Taken, and not kept: how a server runs a tool says nothing about calls through a gateway. */
    execution: fields.optional(),
  })
  .superRefine((tool, context) => {
    const refuse = (message: string, ...path: string[]) =>
      context.addIssue({ code: "custom", path, message });
    if (tool.payload_schema === undefined && tool.inputSchema === undefined) {
      refuse("is required", "payload_schema");
    }
    if (tool.payload_schema !== undefined && tool.inputSchema !== undefined) {
      refuse("is payload_schema by another name: give one of them", "inputSchema");
    }
    if (tool.result_schema !== undefined && tool.outputSchema !== undefined) {
      refuse("is result_schema by another name: give one of them", "outputSchema");
    }
    const beside = Object.keys(mcpFieldsOf(tool))[0];
    if (tool.mcp && beside !== undefined) refuse("belongs into mcp, or what is in mcp beside it", beside);
    const chars = JSON.stringify(allMcpFieldsOf(tool)).length;
    if (chars > MCP_FIELDS_MAX) {
      refuse(
        `title, annotations, icons and _meta take ${chars} characters; at most ${MCP_FIELDS_MAX} are kept`,
      );
    }
  })
  .meta({ anyOf: [{ required: ["payload_schema"] }, { required: ["inputSchema"] }] });
export type ToolInput = z.output<typeof toolInput>;

/** A tool as it is kept. */
export interface Tool {
  name: string;
  description: string;
  tags: string[];
  payload_schema: JsonSchema;
  result_schema: JsonSchema;
  sidecar_schema?: JsonSchema | undefined;
  /** Absent where none was said. */
  mcp?: McpFields;
  /** Its name among those of all toolsets, where `<toolset>__<tool>` will not do (registry/toolsets/tool-name.ts). */
  mcp_name?: string;
  /** SHA-256 of each schema, so that a call finds a compiled schema without hashing it. */
  payload_hash: string;
  result_hash: string;
}

function mcpFieldsOf({ title, annotations, icons, _meta }: McpFields): McpFields {
  return {
    ...(title !== undefined && { title }),
    ...(annotations && { annotations }),
    ...(icons && { icons }),
    ...(_meta && { _meta }),
  };
}

const allMcpFieldsOf = ({ mcp, ...tool }: ToolInput): McpFields => mcpFieldsOf(mcp ?? tool);

/** What is kept of a tool, whatever names its fields were given under. */
export function toolOf(input: ToolInput): Omit<Tool, "mcp_name" | "payload_hash" | "result_hash"> {
  const { name, description, tags: given, sidecar_schema } = input;
  const mcp = allMcpFieldsOf(input);
  return {
    name,
    description,
    tags: given,
    payload_schema: input.payload_schema ?? input.inputSchema ?? true,
    result_schema: input.result_schema ?? input.outputSchema ?? true,
    ...(sidecar_schema !== undefined && { sidecar_schema }),
    ...(Object.keys(mcp).length > 0 && { mcp }),
  };
}
