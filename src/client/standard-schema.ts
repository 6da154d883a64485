import { ToolError } from "./tool-error.ts";

/**
 * A schema of zod (4.2 or newer), ArkType or another library that implements Standard Schema and Standard JSON Schema.
 *
 * @see https://standardschema.dev
 */
export interface StandardSchema<Input = unknown, Output = Input> {
  readonly "~standard": {
    readonly version: 1;
    readonly vendor: string;
    /** For the compiler alone. */
    readonly types?: { readonly input: Input; readonly output: Output } | undefined;
    readonly validate: (value: unknown) => Validated<Output> | Promise<Validated<Output>>;
    readonly jsonSchema: Record<Side, (options: { target: string }) => Record<string, unknown>>;
  };
}

/** Before the schema's defaults and transformations, or after them. */
type Side = "input" | "output";
type Validated<Output> =
  | { readonly value: Output; readonly issues?: undefined }
  | { readonly issues: readonly SchemaIssue[] };
interface SchemaIssue {
  readonly message: string;
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined;
}

export type JsonSchema = boolean | { readonly [keyword: string]: unknown };
/** A JSON Schema, or a library's schema that says of itself what it is as one. */
export type Schema = JsonSchema | StandardSchema;

/* oxlint-disable typescript/no-explicit-any -- the compiler does not read JSON Schemas: handlers say what they take */
/** What a handler gets: what the schema makes of the payload. */
export type PayloadOf<S> = S extends StandardSchema<any, infer Output> ? Output : any;
/* oxlint-enable typescript/no-explicit-any */

const TARGET = "draft-2020-12";
/** What the registry takes of an error. */
const ISSUES_MAX = 100;
const ISSUE_CHARS_MAX = 1024;

const isStandard = (schema: Schema | undefined): schema is StandardSchema =>
  (typeof schema === "object" || typeof schema === "function") && "~standard" in schema;

const asJsonSchema = (schema: Schema, side: Side): JsonSchema =>
  isStandard(schema) ? schema["~standard"].jsonSchema[side]({ target: TARGET }) : schema;

/** A caller sends what goes into the payload's schema, and gets what comes out of the result's. */
const SIDES = {
  payload_schema: "input",
  inputSchema: "input",
  result_schema: "output",
  outputSchema: "output",
  sidecar_schema: "output",
} as const satisfies Record<string, Side>;
/** Rollcall's names of a tool's schemas, and MCP's. */
export type SchemaName = keyof typeof SIDES;

/**
 * The tool as it is registered.
 *
 * @throws what a library throws for a schema that JSON Schema cannot express
 */
export function withJsonSchemas<Tool extends Partial<Record<SchemaName, Schema | undefined>>>(tool: Tool) {
  const schemas: Partial<Record<SchemaName, JsonSchema>> = {};
  for (const [name, side] of Object.entries(SIDES) as [SchemaName, Side][]) {
    const schema = tool[name];
    if (schema !== undefined) schemas[name] = asJsonSchema(schema, side);
  }
  return { ...tool, ...schemas };
}

/**
 * What a schema makes of a payload, with its defaults and transformations; a JSON Schema leaves it as it is.
 *
 * @throws {ToolError} `invalid_arguments` for what JSON Schema cannot say and the registry has not checked, such as zod's
 * `refine`
 */
export async function parsePayload(schema: Schema | undefined, payload: unknown): Promise<unknown> {
  if (!isStandard(schema)) return payload;
  const validated = await schema["~standard"].validate(payload);
  if (!validated.issues) return validated.value;
  const issues = validated.issues.slice(0, ISSUES_MAX).map(({ message, path = [] }) => ({
    field: path.map(pointerPart).join("").slice(0, ISSUE_CHARS_MAX),
    constraint: message.slice(0, ISSUE_CHARS_MAX),
  }));
  const detail = issues.map(({ field, constraint }) => `${field || "payload"}: ${constraint}`).join("; ");
  throw new ToolError("invalid_arguments", detail, { issues });
}

/** RFC 6901 */
const pointerPart = (part: PropertyKey | { readonly key: PropertyKey }): string => {
  const key = String(typeof part === "object" ? part.key : part);
  return `/${key.replaceAll("~", "~0").replaceAll("/", "~1")}`;
};
