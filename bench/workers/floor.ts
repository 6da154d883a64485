/**
 * Yardstick (a), the floor: what one Redis command behind one Hono route costs, through the client and bridge that Rollcall
 * uses. It has no validation, no access control and no leases. Beside it, a heartbeat by hand that has (yardsticks/heartbeat.ts).
 */
import { Redis } from "@upstash/redis/cloudflare";
import { Hono } from "hono";
import { heartbeat, type HeartbeatEnv } from "../yardsticks/heartbeat.ts";

type FloorEnv = HeartbeatEnv;

const clientOf = (env: FloorEnv): Redis =>
  new Redis({
    url: env.UPSTASH_REDIS_REST_URL,
    token: env.UPSTASH_REDIS_REST_TOKEN,
    retry: { retries: 0 },
    automaticDeserialization: false,
    enableAutoPipelining: false,
    enableTelemetry: false,
    responseEncoding: false,
  });

const app = new Hono<{ Bindings: FloorEnv }>();

app.get("/json", (c) => c.json({ status: "healthy", service: "floor" }));

app.post("/set", async (c) => {
  const state = await c.req.text();
  await clientOf(c.env).set(c.req.query("key")!, state, { px: 300_000 });
  return c.json({ received: true });
});

app.get("/get", async (c) => {
  const value = await clientOf(c.env).get<string>(c.req.query("key")!);
  if (value === null) return c.notFound();
  return c.body(value, 200, { "Content-Type": "application/json" });
});

export default {
  // By hand, so past the router too.
  fetch: (request, env, ctx) =>
    new URL(request.url).pathname.startsWith("/v1/") ? heartbeat(request, env) : app.fetch(request, env, ctx),
} satisfies ExportedHandler<FloorEnv>;
