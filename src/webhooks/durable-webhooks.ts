import { callOf, type Host, type Hosted } from "../durable/hosted.ts";
import { remote } from "../durable/remote.ts";
import { type Ground, WebhookSender } from "./webhook-sender.ts";
import type { Webhooks } from "./webhooks.ts";

/** What RPC may call. */
export const METHODS: Record<keyof Webhooks, true> = {
  subscribe: true,
  list: true,
  unsubscribe: true,
  rotate: true,
  sendTest: true,
};

/** The sender's end of RPC. @param ground  of its namespace */
export function hostedWebhooks({ storage }: Host, ground: Ground): Hosted<WebhookSender> {
  const inner = new WebhookSender(ground, storage);
  return {
    inner,
    call: (method, args) => callOf(inner, method, args),
    goOff: (now) => inner.tick(now),
  };
}

/** The caller's end of RPC. */
export const durableWebhooks = (stub: () => object): Webhooks => remote<Webhooks>(stub, METHODS);
