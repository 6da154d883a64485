import { describe, expect, it } from "vitest";
import { endpoints } from "../../../src/http/routes.ts";
import { callerOf, KEYS, labelOf, readTable, type Row } from "../../support/authorisation.ts";
import { bearer, keysAccess } from "../../support/keys.ts";
import { Registry } from "../../support/registry.ts";
import { type Backend, BACKENDS } from "../../support/stores.ts";

/**
 * Who may do what. Callers: a key each, `none` without one, `unknown` with one nobody issued; `foreign` is an admin of
 * another namespace, `open` is whoever comes by under open access. `+` adds the entry's current lease token, `-` the
 * token of a registration of the entry that has been replaced since.
 *
 * Keys hold one scope each, so a write key does not read. In the batch routes the cell is the item's own status.
 */
const TABLE = `
                                          none  unknown  read  owner  other  admin  foreign   none+  read+  other+  owner+  owner-  admin-  foreign+   open  open-
GET /v1/agents                            401   401      200   403    403    200    200       401    200    403     403     403     200     200        200   200
POST /v1/agents (no id)                   401   401      403   201    201    201    201       401    403    201     201     201     201     201        201   201
POST /v1/agents (its id)                  401   401      403   201    403    201    201       401    403    200     200     409     409     201        201   409
GET /v1/agents/:id                        401   401      200   403    403    200    404       401    200    403     403     403     200     404        200   200
DELETE /v1/agents                         401   401      403   403    403    200    200       401    403    403     403     403     200     200        200   200
DELETE /v1/agents/:id                     401   401      403   403t   403t   204    404       401    403    204     204     409     409     404        204   409
POST /v1/agents/:id/heartbeat (whole)     401   401      403   403t   403t   200    404       401    403    200     200     409     409     404        200   409
POST /v1/agents/:id/heartbeat (partial)   401   401      403   403t   403t   200    404       401    403    200     200     409     409     404        200   409
GET /v1/agents/:id/presence               401   401      403   403t   403t   403t   403t      401    403    101     101     409     409     404        403t  409
POST /v1/heartbeats (whole)               401   401      403   403t   403t   200    404       401    403    200     200     409     409     404        200   409
POST /v1/heartbeats (partial)             401   401      403   403t   403t   200    404       401    403    200     200     409     409     404        200   409
POST /v1/agents/:id/drain                 401   401      403   200    403    200    404       401    403    200     200     409     409     404        200   409
DELETE /v1/agents/:id/drain               401   401      403   200    403    200    404       401    403    200     200     409     409     404        200   409
GET /v1/agents/:id/events                 401   401      200   403    403    200    404       401    200    403     403     403     200     404        200   200
POST /v1/agents/import                    401   401      403   200    200    200    201       401    403    200     200     200     200     201        200   200
GET /v1/discover                          401   401      200   403    403    200    200       401    200    403     403     403     200     200        200   200
GET /v1/watch                             401   401      200   403    403    200    200       401    200    403     403     403     200     200        200   200
GET /v1/capabilities                      401   401      200   403    403    200    200       401    200    403     403     403     200     200        200   200
GET /v1/stats                             401   401      200   403    403    200    200       401    200    403     403     403     200     200        200   200
GET /v1/alerts                            401   401      200   403    403    200    200       401    200    403     403     403     200     200        200   200
GET /v1/stats/history                     401   401      200   403    403    200    200       401    200    403     403     403     200     200        200   200
GET /v1/events                            401   401      200   403    403    200    200       401    200    403     403     403     200     200        200   200
GET /v1/marker                            401   401      200   403    403    200    200       401    200    403     403     403     200     200        200   200
POST /v1/sweep                            401   401      403   403    403    200    200       401    403    403     403     403     200     200        200   200
GET /v1/export                            401   401      403   403    403    200    200       401    403    403     403     403     200     200        200   200
POST /v1/restore                          401   401      403   403    403    200    200       401    403    403     403     403     200     200        200   200
POST /v1/keys                             401   401      403   403    403    201    201       401    403    403     403     403     201     201        201   201
GET /v1/keys                              401   401      403   403    403    200    200       401    403    403     403     403     200     200        200   200
DELETE /v1/keys/:key                      401   401      403   403    403    204    404k      401    403    403     403     403     204     404k       204   204
POST /v1/keys/:key/rotate                 401   401      403   403    403    201    404k      401    403    403     403     403     201     404k       201   201
GET /v1/services                          401   401      200   403    403    200    200       401    200    403     403     403     200     200        200   200
POST /v1/subscriptions                    401   401      403   403    403    201    201       401    403    403     403     403     201     201        201   201
GET /v1/subscriptions                     401   401      403   403    403    200    200       401    403    403     403     403     200     200        200   200
GET /v1/subscriptions/:subscription       401   401      403   403    403    200    404h      401    403    403     403     403     200     404h       200   200
DELETE /v1/subscriptions/:subscription    401   401      403   403    403    204    404h      401    403    403     403     403     204     404h       204   204
POST /v1/subscriptions/:subscription/rotate 401   401      403   403    403    200    404h      401    403    403     403     403     200     404h       200   200
POST /v1/subscriptions/:subscription/test 401   401      403   403    403    200    404h      401    403    403     403     403     200     404h       200   200
GET /v1/whoami                            401   401      200   200    200    200    200       401    200    200     200     200     200     200        200   200
GET /v1/services/:service/resolve         401   401      200   403    403    200    404s      401    200    403     403     403     200     404s       200   200
GET /v1/services/:service/selections      401   401      200   403    403    200    200       401    200    403     403     403     200     200        200   200
POST /v1/outcomes                         401   401      403   200    200    200    404p      401    403    200     200     200     200     404p       200   200
GET /v1/services/ready                    401   401      200   403    403    200    503       401    200    403     403     403     200     503        200   200
POST /v1/services/health-checks           401   401      403   403    403    200    200       401    403    403     403     403     200     200        200   200
GET /v1/runtime/services                  401   401      200   403    403    200    200       401    200    403     403     403     200     200        200   200
GET /v1/runtime/services/health           401   401      200   403    403    200    200       401    200    403     403     403     200     200        200   200
GET /v1/runtime/services/selection-logic  401   401      200   403    403    200    200       401    200    403     403     403     200     200        200   200
PUT /v1/runtime/services/:id/priority     401   401      403   403    403    200    404p      401    403    403     403     403     200     404p       200   200
POST /v1/runtime/services/circuit-breakers/reset  401  401  403  403   403    200    200       401    403    403     403     403     200     200        200   200
POST /agents/register                     401   401      403   201    201    201    201       401    403    201     201     201     201     201        201   201
POST /agents/:id/heartbeat                401   401      403   200    403    200    404e      401    403    200     200     409     409     404e       200   409
POST /agents/:id/unregister               401   401      403   200    403    200    200       401    403    200     200     409     409     200        200   409
GET /agents                               401   401      200   403    403    200    200       401    200    403     403     403     200     200        200   200
GET /agents/type/:type                    401   401      200   403    403    200    200       401    200    403     403     403     200     200        200   200
GET /agents/:id                           401   401      200   403    403    200    404e      401    200    403     403     403     200     404e       200   200
GET /health                               200   200      200   200    200    200    200       200    200    200     200     200     200     200        200   200
GET /ready                                401   401      200   403    403    200    200       401    200    403     403     403     200     200        200   200
GET /metrics                              401   401      200   403    403    200    200       401    200    403     403     403     200     200        200   200
`;

const CODES: Record<string, string> = {
  "101": "101",
  "401": "401 unauthorized",
  "403": "403 forbidden",
  "403t": "403 lease_token_required",
  "404": "404 agent_not_found",
  // Source 2's clients get nothing but {"error"}.
  "404e": "404",
  "404s": "404 service_not_found",
  "404h": "404 subscription_not_found",
  "404k": "404 key_not_found",
  "404p": "404 provider_not_found",
  "503": "503 services_not_ready",
  "409": "409 lease_lost",
};

const { callers: CALLERS, rows: ROWS } = readTable(TABLE, CODES);

/** Each of a shape that would show on the entry if it got through. */
const WHOLE = { status: "busy", current_load: 3 };
const PARTIAL = { metadata: { touched: true } };
const OFFERED = { name: "somebody else", type: "worker" };
const BODIES: Record<string, (id: string, token?: string) => unknown> = {
  "POST /v1/agents (no id)": () => OFFERED,
  "POST /v1/agents (its id)": (id) => ({ ...OFFERED, id }),
  "POST /v1/agents/:id/heartbeat (whole)": () => WHOLE,
  "POST /v1/agents/:id/heartbeat (partial)": () => PARTIAL,
  "POST /v1/heartbeats (whole)": (id, lease_token) => ({ heartbeats: [{ id, lease_token, ...WHOLE }] }),
  "POST /v1/heartbeats (partial)": (id, lease_token) => ({ heartbeats: [{ id, lease_token, ...PARTIAL }] }),
  "POST /v1/agents/import": (id) => ({
    components: [{ type: "worker", name: id.slice("worker/".length), activated: true }],
  }),
  "POST /v1/keys": (id) => ({ name: id, scopes: ["read"] }),
  "POST /v1/subscriptions": () => HOOKS,
  "POST /v1/outcomes": (id) => ({ service: "llm", provider_id: id, success: false }),
  "PUT /v1/runtime/services/:id/priority": () => ({ priority: "low" }),
  "POST /agents/register": () => ({ ...OFFERED, host: "h", port: 1 }),
  "POST /agents/:id/heartbeat": () => ({ status: "busy", ...PARTIAL }),
};

const HOOKS = { url: "https://receiver.example/hooks" };

const QUERIES: Record<string, string> = {
  "DELETE /v1/agents": "?prefix=worker",
  "GET /v1/services/ready": "?service=llm&timeout=0",
};

const HEADERS: Record<string, Record<string, string>> = {
  "GET /v1/agents/:id/presence": { Upgrade: "websocket" },
};

interface Services {
  global_services: { llm?: { name: string }[] };
  circuit_breaker_stats: Record<string, unknown>;
}
interface Answer {
  code?: string;
  results?: { status: number; code?: string }[];
}

async function makeKey(keyed: Registry, name: string): Promise<string> {
  const asked = { name, scopes: ["read"] };
  return (await keyed.post<{ id: string }>("/v1/keys", asked, bearer("key-admin"))).body.id;
}

async function subscribe(registry: Registry): Promise<string> {
  return (await registry.post<{ id: string }>("/v1/subscriptions", HOOKS, bearer("key-admin"))).body.id;
}

/** Lets one caller try one row's request on an agent registered for it, and tells what came of it. */
async function attempt(
  { keyed, open }: { keyed: Registry; open: Registry },
  { title, method, path }: Row,
  caller: string,
): Promise<string> {
  const id = `worker/of-${labelOf(caller)}`;
  const fields = { id, services: [{ service: "llm" }] };
  const replaced = await keyed.register(fields, bearer("key-owner"));
  const current = await keyed.register(fields, bearer("key-owner"));
  const entry = `/v1/agents/${encodeURIComponent(id)}`;
  if (method === "DELETE" && path.endsWith("/drain")) {
    await keyed.post(`${entry}/drain`, undefined, bearer("key-admin"));
  }
  const subscription = path.includes(":subscription") ? await subscribe(keyed) : "";
  const key = path.includes(":key") ? await makeKey(keyed, id) : "";
  const read = async () => {
    const { body: services } = await keyed.get<Services>("/v1/runtime/services", bearer("key-admin"));
    return {
      record: (await keyed.get(entry, bearer("key-admin"))).body,
      offer: services.global_services.llm?.find(({ name }) => name === id),
      breaker: services.circuit_breaker_stats[`llm_${id}`],
    };
  };
  const before = await read();

  const { who, token, headers } = callerOf(caller, {
    current: current.lease_token,
    stale: replaced.lease_token,
  });
  const { status, body } = await (who === "open" ? open : keyed).call<Answer | undefined>(
    method,
    path
      .replace(":key", key)
      .replace(":subscription", subscription)
      .replace(":id", encodeURIComponent(id))
      .replace(":type", "worker")
      .replace(":service", "llm") + (QUERIES[title] ?? ""),
    BODIES[title]?.(id, token),
    { ...headers, ...HEADERS[title] },
  );
  const answer = body?.results?.[0] ?? { status, code: body?.code };
  const mustNotTouch = answer.status >= 400 || who === "foreign";
  const touched = mustNotTouch && JSON.stringify(await read()) !== JSON.stringify(before);
  return [answer.status, answer.code, touched && "but changed the entry"].filter(Boolean).join(" ");
}

async function registriesOn(backend: Backend) {
  return {
    keyed: new Registry({ backend, access: await keysAccess(KEYS) }),
    open: new Registry({ backend }),
  };
}

it("has every endpoint in the table, and every caller in every row", () => {
  const routes = new Set(ROWS.map(({ method, path }) => `${method} ${path}`));
  // Toolsets have a table of their own, in ../toolsets/authorisation.test.ts, and MCP is in it.
  const here = endpoints.filter(({ path }) => !path.startsWith("/v1/toolsets") && !path.startsWith("/mcp"));
  expect([...routes].toSorted()).toEqual(here.map(({ method, path }) => `${method} ${path}`).toSorted());
  for (const { title, expected } of ROWS) expect(Object.keys(expected), title).toEqual(CALLERS);
});

describe.each(BACKENDS)("authorisation on $backend", ({ openBackend }) => {
  it.each(ROWS)("answers each caller of $title as the table says", async (row) => {
    const registries = await registriesOn(openBackend());
    const answered = await Promise.all(
      CALLERS.map(async (caller) => [caller, await attempt(registries, row, caller)]),
    );
    expect(Object.fromEntries(answered)).toEqual(row.expected);
  });

  it("lets any write key take an id that was reaped, not before, and tells its last holder so", async () => {
    const { keyed } = await registriesOn(openBackend());
    const { lease_token } = await keyed.register({ id: "a", ttl_seconds: 60 }, bearer("key-owner"));
    await keyed.pass(60_001);
    const early = await keyed.post("/v1/agents", { id: "a", name: "a", type: "t" }, bearer("key-other"));
    expect(early).toMatchObject({ status: 403, body: { code: "forbidden" } });
    // The grace is on the sweep's clock, which advances by 90 s a run.
    for (let runs = 0; runs < 8; runs += 1) {
      await keyed.post("/v1/sweep", undefined, bearer("key-admin"));
      await keyed.pass(90_000);
    }
    const taken = await keyed.register({ id: "a" }, bearer("key-other"));
    expect(taken.outcome).toBe("created");
    const { body } = await keyed.get("/v1/agents/a", bearer("key-admin"));
    expect(body).toMatchObject({ owner: "wren" });
    const late = { ...bearer("key-owner"), "Lease-Token": lease_token };
    expect((await keyed.post("/v1/agents/a/heartbeat", WHOLE, late)).body).toMatchObject({
      code: "lease_lost",
      action: "stop",
    });
  });

  it("keeps the owner when another key renews with the current token", async () => {
    const { keyed } = await registriesOn(openBackend());
    const { lease_token } = await keyed.register({ id: "a" }, bearer("key-owner"));
    const renewed = await keyed.register({ id: "a" }, { ...bearer("key-other"), "Lease-Token": lease_token });
    expect(renewed.outcome).toBe("renewed");
    const { body } = await keyed.get("/v1/agents/a", bearer("key-admin"));
    expect(body).toMatchObject({ owner: "robin" });
  });

  it("gives an id replaced by an admin to the admin's name", async () => {
    const { keyed } = await registriesOn(openBackend());
    await keyed.register({ id: "a" }, bearer("key-owner"));
    await keyed.register({ id: "a" }, bearer("key-admin"));
    expect((await keyed.get("/v1/agents/a", bearer("key-admin"))).body).toMatchObject({ owner: "boss" });
    const again = await keyed.post("/v1/agents", { ...OFFERED, id: "a" }, bearer("key-owner"));
    expect(again.body).toMatchObject({ code: "forbidden" });
  });
});
