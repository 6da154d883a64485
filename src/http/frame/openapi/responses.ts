import { type ProblemCode, PROBLEMS } from "../../../core/problem.ts";
import { SYNC_HEADER } from "../../../sync.ts";
import { keyNeedOf } from "../endpoint.ts";
import type { Documented } from "./documented.ts";
import { LINES_TYPE } from "../lines-reply.ts";
import { shapeOf } from "../query.ts";
import { answerExample } from "./answer-example.ts";
import { headersOf } from "./headers.ts";
import { hasEtag } from "./parameters.ts";
import { refusalExample } from "./refusal-example.ts";
import type { Json, Schemas } from "./schemas.ts";

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

const isKeyless = (endpoint: Documented): boolean => keyNeedOf(endpoint) === "none";

/** @param example  undefined: none is shown */
export const jsonContent = (schema: Json, example?: unknown, type = "application/json"): Json => ({
  [type]: { schema, example },
});

export const responsesOf = (endpoint: Documented, schemas: Schemas): Json => ({
  ...answersOf(endpoint, schemas),
  ...refusalsOf(endpoint),
});

function answersOf(endpoint: Documented, schemas: Schemas): Json {
  const { query, answers } = endpoint;
  const common = headersOf("X-Request-Id", !isKeyless(endpoint) && SYNC_HEADER);
  const tagged = headersOf("ETag");
  const aged = query && "max_stale" in shapeOf(query) ? headersOf("Age") : {};
  const kept = { description: "The asker has it already", headers: { ...common, ...tagged, ...aged } };
  return {
    ...Object.fromEntries(
      Object.entries(answers).map(([status, { description, body, lines, orStream, located }]) => [
        status,
        {
          description,
          headers: {
            ...common,
            ...(hasEtag(endpoint) && tagged),
            ...aged,
            ...(located && headersOf("Location")),
          },
          ...(lines && { content: { [LINES_TYPE]: { schema: schemas.ofOutput(lines) } } }),
          ...(body && {
            content: {
              ...answerContent(schemas.ofOutput(body), schemas),
              ...(orStream && { "text/event-stream": { schema: { type: "string" } } }),
            },
          }),
        },
      ]),
    ),
    ...(hasEtag(endpoint) && { 304: kept }),
  };
}

const answerContent = (schema: Json, { named }: Schemas): Json =>
  jsonContent(schema, answerExample(schema, named));

function refusalsOf(endpoint: Documented): Json {
  const codes = new Set([
    ...endpoint.refusals,
    ...ALWAYS,
    ...(isKeyless(endpoint) ? [] : BEHIND_A_KEY),
    ...(endpoint.body ? WITH_BODY : []),
  ]);
  const byStatus = Map.groupBy(codes, (code) => PROBLEMS[code].status);
  return Object.fromEntries(
    [...byStatus].map(([status, ofStatus]) => {
      const mayRetry = ofStatus.some((code) => "retryAfterSeconds" in PROBLEMS[code]);
      return [
        status,
        {
          description: ofStatus.map((code) => `\`${code}\`: ${PROBLEMS[code].title}`).join("; "),
          headers: headersOf(
            "X-Request-Id",
            mayRetry && "Retry-After",
            (status === 401 || status === 403) && "WWW-Authenticate",
          ),
          content: refusalContent(endpoint, status, ofStatus as [ProblemCode, ...ProblemCode[]]),
        },
      ];
    }),
  );
}

/** In the endpoint's dialect. The example is of the first code. */
function refusalContent(
  { dialect = "problem" }: Documented,
  status: number,
  codes: readonly [ProblemCode, ...ProblemCode[]],
): Json {
  const example = refusalExample(codes[0], dialect);
  if (dialect === "rpc") return jsonContent({ $ref: "#/components/schemas/RpcError" }, example);
  if (dialect === "bare" && (status === 400 || status === 404))
    return jsonContent({ $ref: "#/components/schemas/LegacyError" }, example);
  const ofThese = {
    allOf: [
      { $ref: "#/components/schemas/Problem" },
      { properties: { code: { enum: codes } }, required: ["code"] },
    ],
  };
  return jsonContent(ofThese, example, "application/problem+json");
}
