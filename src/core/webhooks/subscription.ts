import * as z from "zod";
import { EVENT_KINDS, EVENT_TYPES, type Event } from "../event.ts";
import { label } from "../names.ts";

const IDS_MAX = 100;
const URL_LENGTH_MAX = 2048;

/** Bytes of a secret, as Standard Webhooks has it. */
const SECRET_BYTES_MIN = 24;
const SECRET_BYTES_MAX = 64;

/** How many subscriptions a namespace has at most. */
export const SUBSCRIPTIONS_MAX = 20;

/** How long the secret before may sign beside a new one, s. */
export const SECRET_OVERLAP_SECONDS_MAX = 604_800;

/** What a secret is written as: `whsec_` and 24 to 64 bytes in base64. */
export const webhookSecret = z
  .string()
  .refine(
    isSecret,
    `must be whsec_ and the base64 of ${SECRET_BYTES_MIN} to ${SECRET_BYTES_MAX} bytes, with its padding`,
  );

export const subscriptionFilter = z.strictObject({
  kind: z.enum(EVENT_KINDS).optional(),
  // A service or a capability may have any name.
  ids: z.array(label(256)).min(1).max(IDS_MAX).optional(),
  prefix: label(256).optional(),
});

/** What is said of a subscription that is to be made. */
export const subscriptionInput = z.strictObject({
  url: z.string().max(URL_LENGTH_MAX).meta({ description: "https, of a public name, on port 443" }),
  types: z
    .array(z.enum(EVENT_TYPES))
    .max(EVENT_TYPES.length)
    .default([])
    .meta({ description: "Of these types; empty: of all that there are and will be" }),
  filter: subscriptionFilter.default({}).meta({
    description:
      "Of what is of this kind, with one of these ids, with an id that begins so: all that is said",
  }),
  secret: webhookSecret.optional().meta({ description: "What signs; absent: one is made" }),
});

type Asked = z.output<typeof subscriptionInput>;

/** A subscription as it was made. Instants are ms since the Unix epoch. */
export interface Subscription extends Pick<Asked, "url" | "types" | "filter"> {
  id: string;
  createdAt: number;
  /** The name of the key that made it; null under open access. */
  createdBy: string | null;
}

/** Whether an event is one of those that are subscribed to. */
export function isSubscribed({ types, filter }: Pick<Asked, "types" | "filter">, event: Event): boolean {
  const { kind, ids, prefix = "" } = filter;
  return (
    (types.length === 0 || types.includes(event.type)) &&
    (kind === undefined || event.kind === kind) &&
    (ids === undefined || ids.includes(event.id)) &&
    event.id.startsWith(prefix)
  );
}

const SECRET_PREFIX = "whsec_";

/** The key in a secret. @throws where it is none */
export function secretBytes(secret: string): Uint8Array<ArrayBuffer> {
  const binary = atob(secret.slice(SECRET_PREFIX.length));
  return Uint8Array.from(binary, (char) => char.charCodeAt(0));
}

/** @param bytes  24 to 64 */
export const secretOf = (bytes: Uint8Array): string =>
  `${SECRET_PREFIX}${btoa(String.fromCharCode(...bytes))}`;

function isSecret(text: string): boolean {
  // Strict, because atob takes what other readers of base64 do not: spaces, and text without its padding.
  if (!/^whsec_(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(text)) return false;
  const { length } = secretBytes(text);
  return length >= SECRET_BYTES_MIN && length <= SECRET_BYTES_MAX;
}
