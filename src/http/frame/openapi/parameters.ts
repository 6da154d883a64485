import { REASON_HEADER, REASON_LENGTH_MAX } from "../../../cause.ts";
import { SYNC_HEADER } from "../../../sync.ts";
import { keyNeedOf } from "../endpoint.ts";
import type { Documented } from "./documented.ts";
import type { Example, Examples } from "./example.ts";
import { SYNC_SCHEMA } from "./headers.ts";
import type { Json, Schemas } from "./schemas.ts";

/** What a name means wherever it is a parameter, unless the parameter's own schema says it. */
const MEANINGS: Record<string, string> = {
  after: "Goes on after this id; before it, what only an earlier import had stays",
  call: "The `call_id` of a call",
  capability: "Has this capability; repeated: all of them",
  consumer: "The provider's own name for one of its processes",
  cursor: "The `next_cursor` of the page before",
  dry_run: "Only says what would be done",
  exact: "Examines all matches, up to 5,000, instead of a sample",
  exclude: "Leaves out this provider; may repeat",
  explain: "Says why others were passed over",
  fail_open: "Where nobody else can be used, takes who may be gone",
  fallback_to_global: "Takes the offers to all handlers where no other can be used",
  handler: "The handler that calls",
  healthy: "Only toolsets whose provider answers pings",
  id: "The id of an agent",
  key: "The id of an API key",
  limit: "At most so many",
  max: "At most so many calls at a time",
  max_load_ratio: "At most so much load of what it takes at once",
  max_stale: "How old the answer may be, s",
  min_health_score: "Reports at least this health score",
  name: "The name of a toolset",
  older_than: "Gives who has been silent for longer, s",
  order: "By time: oldest first, or newest first",
  partial: "Registers the sound tools, and says which were refused",
  prefix: "The name or id begins with this",
  q: "A part of the name, description or tags",
  service: "The name of a service; may repeat where a list is taken",
  service_type: "The name of a service",
  since: "The cursor to go on after",
  sort: "What comes first",
  source: "The name of what is imported, such as a file's",
  stale_if_error: "How old the answer may be where the store is out, s",
  static: "The agents never call in and never lapse",
  status: "Is in this status; repeated: in one of them",
  subscription: "The id of a subscription",
  tag: "Has this tag; repeated: all of them",
  through: "What only an earlier import had goes up to this id",
  timeout: "How long to wait, s",
  tool: "The name of a tool",
  tools: "All tools, or only those that find and call the others",
  type: "Is of this type",
  wait: "How long to wait for news, s",
  "If-None-Match": "An ETag that the asker has the answer of",
  "Idempotency-Key": "The same for each attempt of one request: it is done once",
  "Lease-Token": "What the registration answered with: proves that it is the asker's",
  Upgrade: "`websocket`",
  [REASON_HEADER]: "Why this is done: its events repeat it",
  [SYNC_HEADER]: "That of an earlier answer: this one has seen no less",
};

/** Whether an answer has an entity tag, which a later request may send back. */
export const hasEtag = ({ method, scope, answers }: Documented): boolean =>
  method === "GET" &&
  ((scope === "read" && answers[200]?.body !== undefined && !answers[200].usedOnce) || 304 in answers);

/** Whether it may tell events that say why. */
const isChange = ({ method, scope, isHeartbeat = false }: Documented): boolean =>
  method !== "GET" && (scope === "write" || scope === "admin") && !isHeartbeat;

const text = { type: "string" };

export function parametersOf(
  endpoint: Documented,
  schemas: Schemas,
  names: Examples["names"],
  { query: shown = {} }: Example,
): Json[] {
  const { params = {}, query, takesLeaseToken, takesIdempotencyKey, answers } = endpoint;
  const exampleOf = (place: string, name: string) => {
    if (place === "query") return shown[name];
    // A first registration has no token yet.
    return name === "Lease-Token" && takesIdempotencyKey ? undefined : names[name];
  };
  const parameter = (place: string, name: string, required: boolean, { description, ...schema }: Json) => ({
    name,
    in: place,
    required,
    description: description ?? MEANINGS[name],
    schema,
    example: exampleOf(place, name),
    ...(schema["type"] === "array" && { style: "form", explode: true }),
  });
  const header = (name: string, schema: Json = text) => parameter("header", name, false, schema);
  const inPath = Object.entries(params).map(([name, type]) =>
    parameter("path", name, true, schemas.ofInput(type)),
  );
  const { properties = {}, required = [] } = query ? schemas.ofInput(query) : {};
  const inQuery = Object.entries(properties as Record<string, Json>).map(([name, schema]) =>
    parameter("query", name, (required as string[]).includes(name), schema),
  );
  return [
    ...inPath,
    ...inQuery,
    ...(101 in answers ? [parameter("header", "Upgrade", true, text)] : []),
    ...(takesLeaseToken ? [header("Lease-Token")] : []),
    ...(takesIdempotencyKey ? [header("Idempotency-Key", { ...text, minLength: 1, maxLength: 255 })] : []),
    ...(isChange(endpoint)
      ? [header(REASON_HEADER, { ...text, minLength: 1, maxLength: REASON_LENGTH_MAX })]
      : []),
    ...(hasEtag(endpoint) ? [header("If-None-Match")] : []),
    ...(keyNeedOf(endpoint) === "none" ? [] : [header(SYNC_HEADER, SYNC_SCHEMA)]),
  ];
}
