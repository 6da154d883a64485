import * as z from "zod";
import { count, json, lapsing, time } from "./common.ts";

export const legacyAgent = z.strictObject({
  id: z.string(),
  name: z.string(),
  type: z.string(),
  host: z.string(),
  port: count,
  capabilities: z.array(z.string()),
  status: z.string(),
  version: z.string(),
  registered_at: time,
  last_seen: time,
  metadata: json.optional(),
});
export const legacyList = z.strictObject({
  agents: z.array(legacyAgent),
  count,
  truncated: z.literal(true).optional(),
  recovering: lapsing.recovering,
});
export const legacyRegistered = z.strictObject({
  agent_id: z.string(),
  registered_at: time,
  heartbeat_url: z.string(),
  heartbeat_interval_seconds: count,
});
export const legacyReceived = z.strictObject({
  received: z.literal(true),
  next_interval_seconds: count,
  timestamp: time,
});
export const legacyMessage = z.strictObject({ message: z.string() });
