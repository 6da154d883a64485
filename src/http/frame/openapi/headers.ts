import { SYNC_LENGTH_MAX } from "../../../sync.ts";
import type { Json } from "./schemas.ts";

const text = { type: "string" };
const seconds = { type: "integer", minimum: 0 };

export const SYNC_SCHEMA = { type: "string", minLength: 1, maxLength: SYNC_LENGTH_MAX };

/** The headers of answers, as components of the document. */
export const HEADERS = {
  "X-Request-Id": { description: "The request's own id, or a new one; logs have it too", schema: text },
  "X-Rollcall-Sync": {
    description:
      "What this answer has seen or written. Sent with a later request it has that request see no less, wherever it is answered. Absent where there is nothing to wait for",
    schema: SYNC_SCHEMA,
  },
  ETag: {
    description: "Weak, for If-None-Match; absent where the answer may be used only once",
    schema: text,
  },
  Age: { description: "How old the answer is, s, where it was allowed to be", schema: seconds },
  Location: { description: "The path of what was registered", schema: text },
  "Retry-After": { description: "When to try again, s", schema: seconds },
  "WWW-Authenticate": { description: "How to say who asks (RFC 6750)", schema: text },
} satisfies Record<string, Json>;

/** Some of them, by reference. */
export const headersOf = (...names: (keyof typeof HEADERS | false)[]): Json =>
  Object.fromEntries(
    names.filter((name) => name !== false).map((name) => [name, { $ref: `#/components/headers/${name}` }]),
  );
