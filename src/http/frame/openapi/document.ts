import { OLDER_WORDS_TAKEN } from "../../../core/older-words.ts";
import { VERSION } from "../../../core/version.ts";
import { type Endpoint, GROUPS, keyNeedOf } from "../endpoint.ts";
import type { Documentation } from "../../documentation/documentation.ts";
import type { Documented } from "./documented.ts";
import { LINES_TYPE } from "../lines-reply.ts";
import type { Examples } from "./example.ts";
import { HEADERS } from "./headers.ts";
import { parametersOf } from "./parameters.ts";
import { PROBLEM_SCHEMA } from "./problem-schema.ts";
import { jsonContent, responsesOf } from "./responses.ts";
import { type Json, Schemas } from "./schemas.ts";

/** A key as the document's `security` has it: either way of sending it will do. */
const WITH_KEY = [{ apiKey: [] }, { apiKeyAsPassword: [] }];
/** What an operation says that needs no scope; `required` is what the document says of all. */
const KEYS = {
  required: { description: "Takes any key." },
  optional: { description: "Takes a key, or none.", security: [{}, ...WITH_KEY] },
  none: { description: "Takes no key.", security: [] },
};

function operationOf(endpoint: Documented, schemas: Schemas, { names, requests }: Examples): Json {
  const { operationId, summary, scope, group, bodyOptional, takesLines } = endpoint;
  const shape = endpoint.bodyShape ?? endpoint.body;
  const example = requests[operationId] ?? {};
  return {
    operationId,
    summary,
    tags: [group],
    ...KEYS[keyNeedOf(endpoint)],
    ...(scope !== null && { description: `Takes a key with the scope \`${scope}\`.`, "x-scope": scope }),
    parameters: parametersOf(endpoint, schemas, names, example),
    ...(shape && {
      requestBody: {
        required: !bodyOptional,
        content: {
          ...jsonContent(schemas.ofInput(shape), example.body),
          ...(takesLines && jsonContent(schemas.ofInput(shape), undefined, LINES_TYPE)),
        },
      },
    }),
    responses: responsesOf(endpoint, schemas),
  };
}

/** An error of JSON-RPC 2.0. The registry's own refusals have their Problem in it. */
const RPC_ERROR_SCHEMA = {
  type: "object",
  required: ["jsonrpc", "error"],
  properties: {
    jsonrpc: { const: "2.0" },
    id: { type: ["string", "integer"] },
    error: {
      type: "object",
      required: ["code", "message"],
      properties: {
        code: { type: "integer" },
        message: { type: "string" },
        data: { anyOf: [{ $ref: "#/components/schemas/Problem" }, { type: "object" }] },
      },
    },
  },
};

/** The OpenAPI 3.1 document of a table of endpoints: the schemas that check are the schemas that are shown. */
export function openApiDocument(
  endpoints: readonly Endpoint[],
  documentation: Documentation,
  examples: Examples,
): Json {
  const schemas = new Schemas();
  const paths: Record<string, Json> = {};
  for (const endpoint of endpoints) {
    if (endpoint.group === null) continue;
    const path = endpoint.path.replace(/:(\w+)/g, "{$1}");
    (paths[path] ??= {})[endpoint.method.toLowerCase()] = operationOf(
      { ...endpoint, ...documentation[endpoint.operationId]! },
      schemas,
      examples,
    );
  }
  return {
    openapi: "3.1.0",
    info: {
      title: "Rollcall",
      version: VERSION,
      description: `The registry for agents, services and tools that runs at the edge. Words of older systems are taken where they are clear: ${OLDER_WORDS_TAKEN}. In the examples, \`<name>\` stands for what an earlier answer had as \`name\`.`,
    },
    servers: [{ url: "/" }],
    tags: Object.entries(GROUPS).map(([name, description]) => ({ name, description })),
    security: WITH_KEY,
    paths,
    components: {
      securitySchemes: {
        apiKey: { type: "http", scheme: "bearer", description: "An API key" },
        apiKeyAsPassword: { type: "http", scheme: "basic", description: "An API key, for any user" },
      },
      headers: HEADERS,
      schemas: {
        ...schemas.named,
        Problem: PROBLEM_SCHEMA,
        RpcError: RPC_ERROR_SCHEMA,
        LegacyError: { type: "object", required: ["error"], properties: { error: { type: "string" } } },
      },
    },
  };
}
