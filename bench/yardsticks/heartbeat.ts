/**
 * Yardstick (b), a heartbeat written by hand for this one purpose: the same promises on the wire as Rollcall's (a key and its scope,
 * the lease token's digest in the name of what is written, a body of checked UTF-8 and bounded size, a bounded wait for Redis,
 * the same headers), and nothing else: no other route, no store behind a port, no events, no drains.
 */
export interface HeartbeatEnv {
  UPSTASH_REDIS_REST_URL: string;
  UPSTASH_REDIS_REST_TOKEN: string;
  API_KEYS: string;
}

interface Key {
  sha256: string;
  scopes: string[];
  namespace: string;
}

const BODY_BYTES_MAX = 262_144;
const TIMEOUT_MS = 2000;
const STATUSES = new Set(["available", "busy", "maintenance", "offline"]);
const TOKEN = /^(\d{1,8})\.(\d{1,8})\.(\d{1,16})\.[\w-]{1,64}$/;

let keys: Map<string, Key> | undefined;

const keysIn = (env: HeartbeatEnv): Map<string, Key> =>
  (keys ??= new Map((JSON.parse(env.API_KEYS) as Key[]).map((key) => [key.sha256.toLowerCase(), key])));

const digest = async (text: string): Promise<Uint8Array> =>
  new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text)));

const hexOf = (bytes: Uint8Array): string =>
  Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");

const hashOf = (bytes: Uint8Array): string =>
  btoa(String.fromCharCode(...bytes.subarray(0, 16)))
    .replaceAll("+", "-")
    .replaceAll("/", "_")
    .replaceAll("=", "");

function answer(status: number, body: object): Response {
  return new Response(JSON.stringify(body), {
    status,
    headers: {
      "Content-Type": "application/json",
      "Cache-Control": "no-store",
      "X-Content-Type-Options": "nosniff",
      "X-Request-Id": crypto.randomUUID(),
    },
  });
}

/** `POST /v1/agents/{id}/heartbeat` with status and load. */
export async function heartbeat(request: Request, env: HeartbeatEnv): Promise<Response> {
  const [, id] = /^\/v1\/agents\/([^/]+)\/heartbeat$/.exec(new URL(request.url).pathname) ?? [];
  if (id === undefined) return answer(404, { code: "not_found" });
  const [, secret] = /^Bearer (.+)$/.exec(request.headers.get("Authorization") ?? "") ?? [];
  const key = secret === undefined ? undefined : keysIn(env).get(hexOf(await digest(secret)));
  if (!key) return answer(401, { code: "unauthorized" });
  if (!key.scopes.some((scope) => scope === "write" || scope === "admin"))
    return answer(403, { code: "forbidden" });

  const token = request.headers.get("Lease-Token") ?? "";
  const [, ttl, interval, epoch] = TOKEN.exec(token) ?? [];
  if (ttl === undefined || interval === undefined) return answer(401, { code: "lease_token_required" });

  const bytes = await request.arrayBuffer();
  if (bytes.byteLength > BODY_BYTES_MAX) return answer(413, { code: "payload_too_large" });
  let state: { status?: unknown; current_load?: unknown };
  try {
    state = JSON.parse(
      new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes),
    ) as typeof state;
  } catch {
    return answer(400, { code: "invalid_json" });
  }
  const { status, current_load } = state;
  if (!STATUSES.has(status as string) || typeof current_load !== "number" || current_load < 0)
    return answer(422, { code: "invalid_request" });

  const now = Date.now();
  const expiresAt = now + Number(ttl) * 1000;
  const lease = JSON.stringify({
    status,
    currentLoad: current_load,
    lastSeenAt: now,
    expiresAt,
    intervalSeconds: Number(interval),
  });
  const fence = `${epoch}-${hashOf(await digest(token))}`;
  const name = `rollcall:${key.namespace}:lease:agent:${decodeURIComponent(id)}:${fence}`;
  let result: string | null;
  try {
    const response = await fetch(`${env.UPSTASH_REDIS_REST_URL}/pipeline`, {
      method: "POST",
      headers: {
        Authorization: `Bearer ${env.UPSTASH_REDIS_REST_TOKEN}`,
        "Content-Type": "application/json",
      },
      body: JSON.stringify([["SET", name, lease, "XX", "GET", "PX", Number(ttl) * 1000]]),
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    const [reply] = JSON.parse(await response.text()) as [{ result: string | null }];
    ({ result } = reply);
  } catch {
    return answer(503, { code: "store_unavailable" });
  }
  if (result === null) return answer(404, { code: "agent_not_found" });
  return answer(200, {
    received: true,
    desired_state: "run",
    next_interval_seconds: Number(interval),
    expires_at: new Date(expiresAt).toISOString(),
  });
}
