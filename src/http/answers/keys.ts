import * as z from "zod";
import { SCOPES } from "../../core/authority.ts";
import { someLimits } from "../../core/limits.ts";
import { count, time } from "./common.ts";

const holder = {
  /** null: it is configured, and can not be revoked here */
  id: z.string().nullable(),
  scopes: z.array(z.enum(SCOPES)),
  namespace: z.string(),
  expires_at: time.nullable(),
};

export const apiKey = z.strictObject({
  ...holder,
  name: z.string(),
  source: z.enum(["config", "store"]),
  /** Of its entries, where they are not those of every key. */
  limits: someLimits,
  created_at: time.nullable(),
  /** The name of the key that made it. */
  created_by: z.string().nullable(),
  /** The beginning of the hour. */
  last_used_at: time.nullable(),
});

export const keyList = z.strictObject({ keys: z.array(apiKey), count });
export const madeKey = apiKey.extend({ id: z.string(), secret: z.string() });

export const whoAmI = z.strictObject({
  ...holder,
  name: z.string().nullable(),
  access: z.enum(["keys", "open"]),
  source: z.enum(["config", "store"]).nullable(),
});
