import { describe, expect, it } from "vitest";
import { endpoints } from "../../../src/http/routes.ts";
import { callerOf, KEYS, labelOf, readTable, type Row } from "../../support/authorisation.ts";
import { bearer, keysAccess } from "../../support/keys.ts";
import { type Backend, BACKENDS } from "../../support/stores.ts";
import { ECHO, META, openToolsets, type Ping, type Toolsets } from "../../support/toolsets.ts";

/**
 * Who may do what with a toolset: the callers are authorisation.test.ts's. The toolset is the owner's, and the one call
 * that a provider has in hand is the other's: its result is for `other`, not for whoever provides the tool.
 */
const TABLE = `
                                                    none  unknown  read  owner  other  admin  foreign   none+  read+  other+  owner+  owner-  admin-  foreign+   open  open-
POST /v1/toolsets                                   401   401      403   201    403    201    201       401    403    200     200     409     409     201        201   409
GET /v1/toolsets                                    401   401      200   403    403    200    200       401    200    403     403     403     200     200        200   200
GET /v1/toolsets/search                             401   401      200   403    403    200    200       401    200    403     403     403     200     200        200   200
GET /v1/toolsets/:name                              401   401      200   403    403    200    404       401    200    403     403     403     200     404        200   200
GET /v1/toolsets/:name/events                       401   401      200   403    403    200    404       401    200    403     403     403     200     404        200   200
DELETE /v1/toolsets/:name                           401   401      403   403t   403t   204    404       401    403    204     204     409     409     404        204   409
POST /v1/toolsets/:name/tools/:tool/calls           401   401      403   202    202    202    404       401    403    202     202     202     202     404        202   202
GET /v1/toolsets/:name/calls/:call                  401   401      403   403    200    200    404c      401    403    200     403     403     200     404c       200   200
POST /v1/toolsets/:name/calls/:call/cancel          401   401      403   403    200    200    404c      401    403    200     403     403     200     404c       200   200
GET /v1/toolsets/:name/calls                        401   401      200   403    403    200    404       401    200    403     403     403     200     404        200   200
POST /v1/toolsets/:name/claims                      401   401      403   200    403    200    404       401    403    200     200     409     409     404        200   409
GET /v1/toolsets/:name/claims                       401   401      403   101    403    101    404       401    403    101     101     409     409     404        101   409
POST /v1/toolsets/:name/pong                        401   401      403   200    403    200    404       401    403    200     200     409     409     404        200   409
POST /v1/toolsets/:name/pong (an earlier epoch's)   401   401      403   410    410    410    404       401    403    410     410     410     410     404        410   410
POST /v1/toolsets/:name/calls/:call/delta           401   401      403   200    403    200    404       401    403    200     200     409     409     404        200   409
POST /v1/toolsets/:name/calls/:call/result          401   401      403   200    403    200    404       401    403    200     200     409     409     404        200   409
GET /mcp/server-card                                200   401      200   200    200    200    200       200    200    200     200     200     200     200        200   200
GET /mcp/toolsets/:name/server-card                 401   401      200   403    403    200    404       401    200    403     403     403     200     404        200   200
POST /mcp (list)                                    401   401      200   403    403    200    200       401    200    403     403     403     200     200        200   200
POST /mcp (call)                                    401   401      403   200    200    200    200       401    403    200     200     200     200     200        200   200
POST /mcp/toolsets/:name (list)                     401   401      200   403    403    200    404       401    200    403     403     403     200     404        200   200
POST /mcp/toolsets/:name (call)                     401   401      403   200    200    200    404       401    403    200     200     200     200     404        200   200
`;

const CODES: Record<string, string> = {
  "401": "401 unauthorized",
  "403": "403 forbidden",
  "403t": "403 lease_token_required",
  "404": "404 toolset_not_found",
  "404c": "404 call_not_found",
  "409": "409 lease_lost",
  "410": "410 stale_registration",
};
const { callers: CALLERS, rows: ROWS } = readTable(TABLE, CODES);

interface Given {
  name: string;
  pingId: string;
  stalePingId: string;
  claimId: string;
}

const rpc = (method: string, params: object = {}) => ({ jsonrpc: "2.0", id: 1, method, params });

/** Each of a shape that would show if it got through. */
const BODIES: Record<string, (given: Given) => unknown> = {
  "POST /v1/toolsets": ({ name }) => ({ name, description: "somebody else's", tools: [ECHO] }),
  "POST /v1/toolsets/:name/tools/:tool/calls": () => ({ payload: { text: "hello" }, meta: META }),
  "POST /v1/toolsets/:name/claims": () => ({ consumer: "c2" }),
  "POST /v1/toolsets/:name/pong": ({ pingId }) => ({ ping_id: pingId }),
  "POST /v1/toolsets/:name/pong (an earlier epoch's)": ({ stalePingId }) => ({ ping_id: stalePingId }),
  "POST /v1/toolsets/:name/calls/:call/delta": ({ claimId }) => ({
    claim_id: claimId,
    stream: "stdout",
    delta: "x",
  }),
  "POST /v1/toolsets/:name/calls/:call/result": ({ claimId }) => ({
    claim_id: claimId,
    result: { text: "x" },
  }),
  "POST /mcp (list)": () => rpc("tools/list"),
  "POST /mcp (call)": () => rpc("tools/call", { name: "none__echo" }),
  "POST /mcp/toolsets/:name (list)": () => rpc("tools/list"),
  // With arguments that are refused: the call would wait for its provider.
  "POST /mcp/toolsets/:name (call)": () => rpc("tools/call", { name: ECHO.name }),
};
const QUERIES: Record<string, string> = {
  "GET /v1/toolsets/search": "?q=tools",
  "GET /v1/toolsets/:name/claims": "?consumer=c2",
};
const UPGRADES = "GET /v1/toolsets/:name/claims";

const firstPing = async (keyed: Toolsets, token: string, name: string): Promise<string> => {
  const headers = { ...bearer("key-owner"), "Lease-Token": token };
  const path = `/v1/toolsets/${encodeURIComponent(name)}/claims`;
  const { body } = await keyed.post<{ messages: [Ping] }>(path, { consumer: "c1" }, headers);
  return body.messages[0].ping_id;
};

/** A refusal's code; an MCP client has it within a JSON-RPC error. */
interface Answer {
  code?: string;
  error?: { data?: { code?: string } };
}

/** A registry to set the scene in, and to look at it; and those, a second later, at which it is tried. */
interface Registries {
  scene: Toolsets;
  keyed: Toolsets;
  open: Toolsets;
}

/** Lets one caller try one row's request on a toolset registered for it, and tells what came of it. */
async function attempt({ scene, keyed, open }: Registries, { title, method, path }: Row, caller: string) {
  const name = `tools/of-${labelOf(caller)}`;
  const base = `/v1/toolsets/${encodeURIComponent(name)}`;
  const stale = await scene.offer({ name }, bearer("key-owner"));
  const stalePingId = await firstPing(scene, stale, name);
  const current = await scene.offer({ name }, bearer("key-owner"));
  const pingId = await firstPing(scene, current, name);
  const provider = { ...bearer("key-owner"), "Lease-Token": current };
  await scene.post(`${base}/pong`, { ping_id: pingId }, provider);
  const called = await scene.callTool(undefined, undefined, { name, headers: bearer("key-other") });
  const claimed = await scene.post<{ messages: [{ claim_id: string }] }>(
    `${base}/claims`,
    { consumer: "c1" },
    provider,
  );
  const given = { name, pingId, stalePingId, claimId: claimed.body.messages[0].claim_id };

  const gateway = scene.backend.openGateway("default", name);
  const read = async () => [
    (await scene.get(base, bearer("key-admin"))).body,
    await gateway.load(scene.now),
    await gateway.follow(called.body.call_id, 0, scene.now),
  ];
  const before = await read();

  const { who, headers } = callerOf(caller, { current, stale });
  const answer = await (who === "open" ? open : keyed).call<Answer | undefined>(
    method,
    path
      .replace("/:name", `/${encodeURIComponent(name)}`)
      .replace(":tool", ECHO.name)
      .replace(":call", called.body.call_id) + (QUERIES[title] ?? ""),
    BODIES[title]?.(given),
    { ...headers, ...(title === UPGRADES && { Upgrade: "websocket" }) },
  );
  const mustNotTouch = answer.status >= 400 || who === "foreign" || (method === "GET" && title !== UPGRADES);
  const touched = mustNotTouch && JSON.stringify(await read()) !== JSON.stringify(before);
  const code = answer.body?.code ?? answer.body?.error?.data?.code;
  return [answer.status, code, touched && "but changed something"].filter(Boolean).join(" ");
}

async function registriesOn(backend: Backend): Promise<Registries> {
  const access = await keysAccess(KEYS);
  const [scene, keyed, open] = [
    openToolsets({ backend, access }),
    openToolsets({ backend, access }),
    openToolsets({ backend }),
  ];
  await keyed.pass(1000);
  await open.pass(1000);
  return { scene, keyed, open };
}

it("has every endpoint in the table, and every caller in every row", () => {
  const routes = new Set(ROWS.map(({ method, path }) => `${method} ${path}`));
  const here = endpoints.filter(({ path }) => path.startsWith("/v1/toolsets") || path.startsWith("/mcp"));
  expect([...routes].toSorted()).toEqual(here.map(({ method, path }) => `${method} ${path}`).toSorted());
  for (const { title, expected } of ROWS) expect(Object.keys(expected), title).toEqual(CALLERS);
});

describe.each(BACKENDS)("authorisation of toolsets on $backend", ({ openBackend }) => {
  it.each(ROWS)("answers each caller of $title as the table says", async (row) => {
    const registries = await registriesOn(openBackend());
    const answered = await Promise.all(
      CALLERS.map(async (caller) => [caller, await attempt(registries, row, caller)]),
    );
    expect(Object.fromEntries(answered)).toEqual(row.expected);
  });

  it("gives a toolset to the key that replaced it, and not to one that amended it", async () => {
    const { scene } = await registriesOn(openBackend());
    const owner = async () => (await scene.get("/v1/toolsets/tools", bearer("key-admin"))).body["owner"];
    const token = await scene.offer({}, bearer("key-owner"));
    await scene.offer({}, { ...bearer("key-other"), "Lease-Token": token });
    expect(await owner()).toBe("robin");
    await scene.offer({}, bearer("key-admin"));
    expect(await owner()).toBe("boss");
    const again = await scene.post("/v1/toolsets", { name: "tools", tools: [ECHO] }, bearer("key-owner"));
    expect([again.status, again.body["code"]]).toEqual([403, "forbidden"]);
  });

  it("lets nobody read under a key without a name what another key called for", async () => {
    const { scene, open } = await registriesOn(openBackend());
    const token = await scene.offer({}, bearer("key-owner"));
    const pingId = await firstPing(scene, token, "tools");
    const provider = { ...bearer("key-owner"), "Lease-Token": token };
    await scene.post("/v1/toolsets/tools/pong", { ping_id: pingId }, provider);
    const taken = await open.callTool();
    expect(taken.status).toBe(202);
    for (const key of ["key-owner", "key-other"]) {
      expect((await scene.result(taken.body, "", bearer(key))).body.code).toBe("forbidden");
    }
    expect((await scene.result(taken.body, "", bearer("key-admin"))).status).toBe(200);
  });
});
