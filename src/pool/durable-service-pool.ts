import { hostOf, shell } from "../durable/shell.ts";
import { hostedPool, METHODS } from "./durable-pool.ts";

/**
 * The class of a Durable Object.
 *
 * @param isKnown as of `hostedPool`
 */
export const durableServicePool = (isKnown: (env: Env, object: string) => Promise<boolean>) =>
  shell((ctx, env) => hostedPool(hostOf(ctx), (object) => isKnown(env, object)), METHODS);

export type DurableServicePool = InstanceType<ReturnType<typeof durableServicePool>>;
