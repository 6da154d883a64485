import { type FieldError, invalid, type Problem } from "../../core/problem.ts";
import { allowsObjects, type Tool, type ToolInput, toolOf } from "../../core/toolsets/tool.ts";
import type { PartialToolset, RefusedTool } from "../../core/toolsets/toolset.ts";
import { inspectSchema } from "../../json-schema/index.ts";
import { hashedName, isPlain } from "./tool-name.ts";
import { schemaHash } from "./validators.ts";

const SCHEMA_FIELDS = [
  "payload_schema",
  "result_schema",
  "sidecar_schema",
  "inputSchema",
  "outputSchema",
] as const;

export interface InspectedTools {
  accepted: ToolInput[];
  /** With their place in the input. */
  refused: (RefusedTool & { index: number })[];
  /** What works with limits in the schemas of accepted tools. Pointers begin at the toolset, `/tools/<index>`. */
  warnings: FieldError[];
}

/**
 * Inspects the schemas of tools.
 *
 * @returns which tools can be registered, or the Problem `invalid_request` if one cannot be, and with `partial` if none can be
 */
export function inspectTools(tools: PartialToolset["tools"], partial: boolean): InspectedTools | Problem {
  const inspected: InspectedTools = { accepted: [], refused: [], warnings: [] };
  const allErrors: FieldError[] = [];
  tools.forEach((tool, index) => {
    const { errors, warnings } =
      "problem" in tool ? { errors: tool.problem.options.errors ?? [], warnings: [] } : inspectSchemas(tool);
    allErrors.push(...errors.map((error) => inTools(index, error)));
    if ("problem" in tool) inspected.refused.push({ ...tool, index });
    else if (errors.length > 0) inspected.refused.push({ name: tool.name, problem: invalid(errors), index });
    else {
      inspected.accepted.push(tool);
      inspected.warnings.push(...warnings.map((warning) => inTools(index, warning)));
    }
  });
  const { accepted, refused } = inspected;
  return refused.length > 0 && (!partial || accepted.length === 0) ? invalid(allErrors) : inspected;
}

const inTools = (index: number, { pointer, detail }: FieldError): FieldError => ({
  pointer: `/tools/${index}${pointer}`,
  detail,
});

/** Pointers begin at the tool. */
function inspectSchemas(tool: ToolInput): { errors: FieldError[]; warnings: FieldError[] } {
  const errors: FieldError[] = [];
  const warnings: FieldError[] = [];
  for (const field of SCHEMA_FIELDS) {
    const schema = tool[field];
    if (schema === undefined) continue;
    const found = inspectSchema(schema);
    const name = `tool "${tool.name}": ${field.replace("_", " ")}`;
    for (const { pointer, detail } of found.errors) {
      errors.push({ pointer: `/${field}${pointer}`, detail: `invalid tool schema: ${name}: ${detail}` });
    }
    for (const { pointer, detail } of found.warnings) {
      warnings.push({ pointer: `/${field}${pointer}`, detail: `${name}: ${detail}` });
    }
  }
  const { payload_schema, inputSchema } = tool;
  const field = payload_schema === undefined ? "inputSchema" : "payload_schema";
  if (!allowsObjects(payload_schema ?? inputSchema ?? true)) {
    warnings.push({
      pointer: `/${field}`,
      detail: `tool "${tool.name}": takes no object, and arguments over MCP are one: MCP clients do not see the tool`,
    });
  }
  return { errors, warnings };
}

/** Tools as they are kept. */
export const keptTools = (toolset: string, tools: readonly ToolInput[]): Promise<Tool[]> =>
  Promise.all(
    tools.map(async (input) => {
      const tool = toolOf(input);
      const [mcp_name, payload_hash, result_hash] = await Promise.all([
        isPlain(toolset, tool.name) ? undefined : hashedName(toolset, tool.name),
        schemaHash(tool.payload_schema),
        schemaHash(tool.result_schema),
      ]);
      return { ...tool, ...(mcp_name !== undefined && { mcp_name }), payload_hash, result_hash };
    }),
  );
