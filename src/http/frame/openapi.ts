import * as z from "zod";
import { type ProblemCode, PROBLEMS } from "../../core/problem.ts";
import { OLDER_WORDS_TAKEN } from "../../core/older-words.ts";
import { VERSION } from "../../core/version.ts";
import { SYNC_HEADER, SYNC_LENGTH_MAX } from "../../sync.ts";
import { type Endpoint, GROUPS, keyNeedOf } from "./endpoint.ts";
import { PROBLEM_SCHEMA } from "./problem-body.ts";

type Json = Record<string, unknown>;

function schemaOf(type: z.ZodType, io: "input" | "output"): Json {
  const { $schema: _, ...schema } = z.toJSONSchema(type, { io, unrepresentable: "any" });
  return schema;
}

const content = (schema: Json, type = "application/json"): Json => ({ [type]: { schema } });

/** What every route may answer besides its own refusals. */
const ALWAYS: readonly ProblemCode[] = ["invalid_request", "internal", "not_configured"];
const BEHIND_A_KEY: readonly ProblemCode[] = [
  "unauthorized",
  "forbidden",
  "rate_limited",
  "store_unavailable",
  "store_full",
];
const WITH_BODY: readonly ProblemCode[] = ["payload_too_large", "unsupported_media_type"];

const isKeyless = (endpoint: Endpoint): boolean => keyNeedOf(endpoint) === "none";

function refusalsOf(endpoint: Endpoint): Json {
  const codes = new Set([
    ...endpoint.refusals,
    ...ALWAYS,
    ...(isKeyless(endpoint) ? [] : BEHIND_A_KEY),
    ...(endpoint.body ? WITH_BODY : []),
  ]);
  const byStatus = Map.groupBy(codes, (code) => PROBLEMS[code].status);
  return Object.fromEntries(
    [...byStatus].map(([status, ofStatus]) => {
      const { dialect } = endpoint;
      const bare = dialect === "bare" && (status === 400 || status === 404);
      return [
        status,
        {
          description: ofStatus.map((code) => `\`${code}\`: ${PROBLEMS[code].title}`).join("; "),
          content: bare
            ? content({ $ref: "#/components/schemas/LegacyError" })
            : dialect === "rpc"
              ? content({ $ref: "#/components/schemas/RpcError" })
              : content({ $ref: "#/components/schemas/Problem" }, "application/problem+json"),
        },
      ];
    }),
  );
}

const SYNC_SCHEMA = { type: "string", minLength: 1, maxLength: SYNC_LENGTH_MAX };
/** Of the answer to a write, and to whatever carried one; see docs/consistency.md. */
const SYNC_ANSWERED = { [SYNC_HEADER]: { $ref: "#/components/headers/Sync" } };

function parametersOf(endpoint: Endpoint): Json[] {
  const { params, query, takesLeaseToken, takesIdempotencyKey } = endpoint;
  const inPath = Object.entries(params ?? {}).map(([name, schema]) => ({
    name,
    in: "path",
    required: true,
    schema: schemaOf(schema, "input"),
  }));
  const { properties = {}, required = [] } = query ? schemaOf(query, "input") : {};
  const inQuery = Object.entries(properties as Record<string, Json>).map(([name, schema]) => ({
    name,
    in: "query",
    required: (required as string[]).includes(name),
    schema,
    ...(schema["type"] === "array" && { style: "form", explode: true }),
  }));
  const header = (name: string, schema: Json) => ({ name, in: "header", required: false, schema });
  return [
    ...inPath,
    ...inQuery,
    ...(takesLeaseToken ? [header("Lease-Token", { type: "string" })] : []),
    ...(takesIdempotencyKey
      ? [header("Idempotency-Key", { type: "string", minLength: 1, maxLength: 255 })]
      : []),
    ...(isKeyless(endpoint) ? [] : [header(SYNC_HEADER, SYNC_SCHEMA)]),
  ];
}

function operationOf(endpoint: Endpoint): Json {
  const shape = endpoint.bodyShape ?? endpoint.body;
  const answers = Object.entries(endpoint.answers).map(([status, { description, body, orStream }]) => [
    status,
    {
      description,
      ...(!isKeyless(endpoint) && { headers: SYNC_ANSWERED }),
      ...(body && {
        content: {
          ...content(schemaOf(body, "output")),
          ...(orStream && { "text/event-stream": { schema: { type: "string" } } }),
        },
      }),
    },
  ]);
  return {
    operationId: endpoint.operationId,
    summary: endpoint.summary,
    description:
      endpoint.scope !== null
        ? `Takes a key with the scope \`${endpoint.scope}\`.`
        : isKeyless(endpoint)
          ? "Takes no key."
          : "Takes any key.",
    tags: [endpoint.group],
    ...(isKeyless(endpoint) && { security: [] }),
    ...(endpoint.scope !== null && { "x-scope": endpoint.scope }),
    parameters: parametersOf(endpoint),
    ...(shape && {
      requestBody: { required: !endpoint.bodyOptional, content: content(schemaOf(shape, "input")) },
    }),
    responses: { ...Object.fromEntries(answers), ...refusalsOf(endpoint) },
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
export function openApiDocument(endpoints: readonly Endpoint[]): Json {
  const paths: Record<string, Json> = {};
  for (const endpoint of endpoints) {
    if (endpoint.group === null) continue;
    const path = endpoint.path.replace(/:(\w+)/g, "{$1}");
    (paths[path] ??= {})[endpoint.method.toLowerCase()] = operationOf(endpoint);
  }
  const text = { type: "string" };
  return {
    openapi: "3.1.0",
    info: {
      title: "Rollcall",
      version: VERSION,
      description: `The registry for agents, services and tools that runs at the edge. Words of older systems are taken where they are clear: ${OLDER_WORDS_TAKEN}.`,
    },
    servers: [{ url: "/" }],
    tags: Object.entries(GROUPS).map(([name, description]) => ({ name, description })),
    security: [{ apiKey: [] }, { apiKeyAsPassword: [] }],
    paths,
    components: {
      securitySchemes: {
        apiKey: { type: "http", scheme: "bearer", description: "An API key" },
        apiKeyAsPassword: { type: "http", scheme: "basic", description: "An API key, for any user" },
      },
      headers: {
        Sync: {
          description:
            "What this answer has seen or written. Sent with a later request it has that request see no less, wherever it is answered. Absent where there is nothing to wait for.",
          schema: SYNC_SCHEMA,
        },
      },
      schemas: {
        Problem: PROBLEM_SCHEMA,
        RpcError: RPC_ERROR_SCHEMA,
        LegacyError: { type: "object", required: ["error"], properties: { error: text } },
      },
    },
  };
}
