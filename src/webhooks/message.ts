import { isoTime } from "../core/time.ts";
import { secretBytes } from "../core/webhooks/subscription.ts";

/** One message; its id stays the same over all attempts. */
export interface Message {
  id: string;
  body: string;
}

const utf8 = new TextEncoder();

export const newMessageId = (): string => `msg_${crypto.randomUUID()}`;

/** @param at  ms since the Unix epoch */
export const bodyOf = (type: string, at: number, data: object): string =>
  JSON.stringify({ type, timestamp: isoTime(at), data });

/**
 * The headers of one attempt, as Standard Webhooks has them.
 *
 * @param secrets  `whsec_…`; the receiver may know any one of them
 * @param now  ms since the Unix epoch
 */
export async function signed(
  { id, body }: Message,
  secrets: readonly string[],
  now: number,
): Promise<Record<string, string>> {
  const timestamp = Math.floor(now / 1000);
  const content = utf8.encode(`${id}.${timestamp}.${body}`);
  const signatures = await Promise.all(secrets.map((secret) => signatureOf(content, secret)));
  return {
    "webhook-id": id,
    "webhook-timestamp": String(timestamp),
    "webhook-signature": signatures.join(" "),
  };
}

async function signatureOf(
  content: Parameters<typeof crypto.subtle.sign>[2],
  secret: string,
): Promise<string> {
  const algorithm = { name: "HMAC", hash: "SHA-256" };
  const key = await crypto.subtle.importKey("raw", secretBytes(secret), algorithm, false, ["sign"]);
  const mac = await crypto.subtle.sign("HMAC", key, content);
  return `v1,${btoa(String.fromCharCode(...new Uint8Array(mac)))}`;
}
