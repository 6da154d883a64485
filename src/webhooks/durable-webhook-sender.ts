import { hostOf, shell } from "../durable/shell.ts";
import { hostedWebhooks, METHODS } from "./durable-webhooks.ts";
import type { Ground } from "./webhook-sender.ts";

/**
 * The class of a Durable Object.
 *
 * @param groundOf  of the namespace that the object has the name of
 */
export const durableWebhookSender = (groundOf: (env: Env, namespace: string) => Ground) =>
  shell((ctx, env) => {
    const host = hostOf(ctx);
    return hostedWebhooks(host, groundOf(env, host.name));
  }, METHODS);

export type DurableWebhookSender = InstanceType<ReturnType<typeof durableWebhookSender>>;
