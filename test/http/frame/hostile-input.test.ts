import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type ProblemCode, PROBLEMS } from "../../../src/core/problem.ts";
import { type Aim, type Attempt, anAttempt, type Operation, toRequest } from "../../support/hostile.ts";
import { inlined, writtenDocument } from "../../support/openapi.ts";
import { Registry } from "../../support/registry.ts";
import { RESIDENT, registerResident, claimCall } from "../../support/samples.ts";
import { type Backend, BACKENDS } from "../../support/stores.ts";

const document = writtenDocument();
const paths = inlined(document, document.paths) as unknown as Record<string, Record<string, Operation>>;
const attempts = fc.oneof(
  ...Object.entries(paths).flatMap(([path, item]) =>
    Object.entries(item).map(([method, operation]) => anAttempt(method, path, operation)),
  ),
);

/** All that a request could have changed, as one string. */
async function stateOf({ backend, now }: Registry, { callId }: Aim): Promise<string> {
  const store = backend.open("default");
  const gateway = backend.openGateway("default", RESIDENT.toolset);
  const [page, toolsets, load, call, events, report] = await Promise.all([
    store.page({ kind: "agent", terms: ["agent"], after: "", limit: 5000 }, now),
    store.page({ kind: "toolset", terms: ["toolset"], after: "", limit: 5000 }, now),
    gateway.load(now),
    gateway.follow(callId, 0, now),
    store.events({ since: undefined, limit: 10_000 }),
    store.sweepReport(),
  ]);
  const holders = page.entries.map(({ document: { fence, registration } }) => ({
    provider: registration.id,
    fence,
  }));
  const providers = await backend.openPool("default", RESIDENT.service).describe(holders, now);
  return JSON.stringify([page.entries, toolsets.entries, load, call, events, report, providers]);
}

interface Refusal {
  code: ProblemCode;
  status: number;
  detail: string;
  error: string;
  errors?: { pointer: string; detail: string }[];
}

/** A refusal says what is wrong in the form that was promised, and nothing of what is behind it. */
function expectRefusal({ method, path }: Attempt, status: number, headers: Headers, text: string): void {
  // There are services that nobody offers, and asking for one is no bad request.
  const fair = path.startsWith("/v1/services/") && /no_provider_available|services_not_ready/.test(text);
  expect(status, text).toBeLessThan(fair ? 504 : 500);
  expect(text).not.toMatch(/SQLITE|sqlite|TypeError|RangeError|SyntaxError|\.ts\b|\n\s+at |redis/);
  if (headers.get("Content-Type")?.startsWith("text/html")) {
    // A page refuses as a page; what it may load and run is said all the same.
    expect(headers.get("Content-Security-Policy")).toContain("default-src 'none'");
    return;
  }
  const body = JSON.parse(text) as Refusal;
  if (headers.get("Content-Type")?.startsWith("application/json")) {
    if (!path.startsWith("/mcp")) return expectSource2(path, status, body);
    expect(body).toMatchObject({
      jsonrpc: "2.0",
      error: { code: expect.any(Number), message: expect.any(String) },
    });
    return;
  }
  expect(headers.get("Content-Type")).toBe("application/problem+json");
  expect(PROBLEMS).toHaveProperty(body.code);
  expect(body).toMatchObject({ status, title: PROBLEMS[body.code].title, error: body.detail });
  expect(PROBLEMS[body.code].status).toBe(status);
  const pointers = body.errors?.map(({ pointer }) => pointer) ?? [];
  expect(pointers.length > 0, `${text}: a 400, and no other, has errors`).toBe(status === 400);
  for (const pointer of pointers) expect(pointer).toMatch(/^(\/([^~]|~[01])*)?$/s);
  // A path may lead elsewhere than it says: "%2e%2e" is "..".
  const astray = body.code === "route_not_found" || body.code === "method_not_allowed";
  const documented = document.paths[path]?.[method.toLowerCase()]?.responses;
  if (documented && !astray) expectDocumented(Object.keys(documented), status, text);
}
function expectSource2(path: string, status: number, body: Refusal): void {
  expect(path.startsWith("/agents"), path).toBe(true);
  expect([400, 404]).toContain(status);
  expect(body).toEqual({ error: expect.any(String) });
}
const expectDocumented = (documented: string[], status: number, text: string) =>
  expect(documented, text).toContain(String(status));

/** A registry under attack, and what it held when last looked at. */
interface Target {
  registry: Registry;
  aim: Aim;
  since: number;
  state: string;
}

async function newTarget(backend: Backend): Promise<Target> {
  const registry = new Registry({ backend });
  const { lease_token: agentToken } = await registerResident(registry);
  const { lease_token: toolsetToken, call_id: callId } = await claimCall(registry);
  // So that a heartbeat or a pong that gets through shows even if it says nothing new.
  await registry.pass(1);
  const aim = { agentToken, toolsetToken, callId };
  return { registry, aim, since: registry.now, state: await stateOf(registry, aim) };
}

const expectUnchanged = async ({ registry, aim, state }: Target, what: string) =>
  expect(await stateOf(registry, aim), what).toBe(state);

/** Returns whether the attempt was refused; what was not is no bad request after all. */
async function attack(target: Target, attempt: Attempt): Promise<boolean> {
  const { path, init } = toRequest(attempt, target.aim);
  const response = await target.registry.fetch(path, init);
  const text = await response.text();
  if (response.status < 400) return false;
  expectRefusal(attempt, response.status, response.headers, text);
  // What a GET may have changed shows at the next one that is no GET, or at the end.
  if (init.method !== "GET") await expectUnchanged(target, `${init.method} ${path}: ${text}`);
  return true;
}

describe.each([
  { ...BACKENDS[0], wanted: 1000 },
  { ...BACKENDS[1], wanted: 5000 },
])("hostile requests to $backend", ({ openBackend, wanted }) => {
  it(`are refused with a reason and change nothing, ${wanted} of them`, async () => {
    let refused = 0;
    let target = await newTarget(openBackend());
    const property = fc.asyncProperty(attempts, async (attempt) => {
      if (await attack(target, attempt)) refused += 1;
      else if (attempt.method !== "GET") target = await newTarget(openBackend());
      // Who waits for a service lets time pass, and an agent's lease with it.
      if (target.registry.now > target.since) target = await newTarget(openBackend());
    });
    while (refused < wanted) await fc.assert(property, { numRuns: 500 });
    await expectUnchanged(target, "a GET");
    expect(Object.keys(Object.prototype)).toEqual([]);
  }, 180_000);
});

describe("a body", () => {
  const named = (inside: string) => `{"name":"a","type":"b",${inside}}`;
  const headers = { "Content-Type": "application/json" };
  const post = (body: string | Uint8Array) =>
    new Registry().fetch("/v1/agents", { method: "POST", headers, body });
  const pointersOf = async (response: Response) =>
    (await response.json<Refusal>()).errors?.map(({ pointer }) => pointer);

  it.each([
    ["a stray byte", [0xff]],
    ["an overlong form", [0xc0, 0x80]],
    ["a surrogate", [0xed, 0xa0, 0x80]],
    ["a character cut short", [0xf0, 0x9f]],
  ])("that is not UTF-8 is refused: %s", async (_, bytes) => {
    const [head, tail] = named('"version":"|"').split("|");
    const encoder = new TextEncoder();
    const body = [...encoder.encode(head), ...bytes, ...encoder.encode(tail)];
    const response = await post(Uint8Array.from(body));
    expect(response.status).toBe(400);
    expect(await pointersOf(response)).toEqual([""]);
  });

  it.each([
    ['"metadata":{"__proto__":{}}', "/metadata/__proto__"],
    ['"metadata":{"a":[{"__proto__":1}]}', "/metadata/a/0/__proto__"],
    ['"__proto__":{"id":"a"}', "/__proto__"],
    ['"constructor":{}', "/constructor"],
    ['"tags":["a\\u0000b"]', "/tags/0"],
    ['"tags":["\\ud800"]', "/tags/0"],
    ['"tags":["a\\u001fb"]', "/tags/0"],
    ['"current_load":1e400', "/current_load"],
    ['"current_load":"1"', "/current_load"],
    ['"a/b~c":1', "/a~1b~0c"],
    ['"metadata":[]', "/metadata"],
    ['"metadata":null', "/metadata"],
  ])("with %s is refused at its place", async (inside, pointer) => {
    const response = await post(named(inside));
    expect(response.status).toBe(400);
    expect(await pointersOf(response)).toEqual([pointer]);
  });

  it("may hold in its metadata whatever else JSON can say", async () => {
    const registry = new Registry();
    const metadata = { constructor: 1, prototype: { toString: null }, "": "\0", "a/b": ["\ud83d\ude00"] };
    const { agent_id } = await registry.register({ metadata });
    expect((await registry.get(`/v1/agents/${agent_id}`)).body["metadata"]).toEqual(metadata);
  });
});
