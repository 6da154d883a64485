import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { bearer, keysAccess } from "../../support/keys.ts";
import { runs } from "../../support/seed.ts";
import { openServices, type Runtime, type Services } from "../../support/services.ts";
import { BACKENDS } from "../../support/stores.ts";

const IDS = ["a", "b", "c"];
const FLEETS = ["wren", "robin"];
const OPERATOR = "operator";
const ACCESS = await keysAccess([
  ...FLEETS.map((name) => ({ name, token: name, scopes: ["read" as const, "write" as const] })),
  { name: OPERATOR, token: OPERATOR, scopes: ["admin"] },
]);
const PRIORITIES: Record<number, string> = { 0: "CRITICAL", 1: "HIGH", 2: "NORMAL", 3: "LOW" };
const BINDING = {
  service: "llm",
  circuit_breaker: { failure_threshold: 2, recovery_timeout: 60, success_threshold: 1 },
};

/** One thing that somebody does. */
type Act =
  | { do: "register" | "renew"; id: string; by: string; version: string; status: string }
  | { do: "beat"; id: string; status: string; zone: string | null }
  | { do: "drain" | "undrain" | "unregister" | "fail" | "probe"; id: string; by: string }
  | { do: "priority"; id: string; priority: number }
  | { do: "reset" }
  | { do: "pass"; seconds: number };

const id = fc.constantFrom(...IDS);
const by = fc.constantFrom(...FLEETS, OPERATOR);
const status = fc.constantFrom("available", "busy", "degraded");
const version = fc.constantFrom("1.0.0", "1.1.0", "2.0.0");
const weighed = (weight: number, arbitrary: fc.Arbitrary<Act>) => ({ weight, arbitrary });
const acts = fc.oneof(
  weighed(4, fc.record({ do: fc.constant("register"), id, by, version, status })),
  weighed(2, fc.record({ do: fc.constant("renew"), id, by, version, status })),
  weighed(5, fc.record({ do: fc.constant("beat"), id, status, zone: fc.constantFrom("x", "y", null) })),
  weighed(3, fc.record({ do: fc.constantFrom("drain", "undrain"), id, by })),
  weighed(1, fc.record({ do: fc.constant("unregister"), id, by })),
  weighed(5, fc.record({ do: fc.constantFrom("fail", "probe"), id, by })),
  weighed(2, fc.record({ do: fc.constant("priority"), id, priority: fc.constantFrom(0, 1, 2, 3) })),
  weighed(1, fc.record({ do: fc.constant("reset") })),
  weighed(3, fc.record({ do: fc.constant("pass"), seconds: fc.constantFrom(3, 20, 70, 90, 90) })),
);

/** Does the acts of a day, and knows for each request whose it was. */
class Day {
  readonly services: Services;
  /** By request id. */
  readonly askers = new Map<string, string>();
  /** The last token of each id, and who holds it. */
  readonly #tokens = new Map<string, { token: string; holder: string }>();
  #requests = 0;

  constructor(services: Services) {
    this.services = services;
  }

  async act(act: Act): Promise<void> {
    switch (act.do) {
      case "register":
      case "renew": {
        const held = act.do === "renew" ? this.#tokens.get(act.id) : undefined;
        const { version: is, status: reports } = act;
        const terms = { ttl_seconds: 60, heartbeat_interval_seconds: 10 };
        const body = { id: act.id, name: act.id, type: "worker", version: is, status: reports, ...terms };
        const asker = held?.holder ?? act.by;
        const sent = { ...body, services: [BINDING] };
        const answer = await this.#ask<{ lease_token?: string }>(
          asker,
          "POST",
          "/v1/agents",
          sent,
          held?.token,
        );
        const { lease_token: token } = answer.body;
        if (token !== undefined) this.#tokens.set(act.id, { token, holder: asker });
        return;
      }
      case "beat": {
        const held = this.#tokens.get(act.id);
        if (!held) return;
        const said = { status: act.status, ...(act.zone !== null && { metadata: { zone: act.zone } }) };
        await this.#ask(held.holder, "POST", `/v1/agents/${act.id}/heartbeat`, said, held.token);
        return;
      }
      case "drain":
        return void (await this.#ask(act.by, "POST", `/v1/agents/${act.id}/drain`));
      case "undrain":
        return void (await this.#ask(act.by, "DELETE", `/v1/agents/${act.id}/drain`));
      case "unregister":
        return void (await this.#ask(act.by, "DELETE", `/v1/agents/${act.id}`));
      case "fail":
        return void (await this.#report(act, undefined));
      case "probe": {
        const others = IDS.filter((other) => other !== act.id).map((other) => `exclude=${other}`);
        const path = `/v1/services/llm/resolve?${others.join("&")}`;
        const { body } = await this.#ask<{ selection_id?: string }>(act.by, "GET", path);
        if (body.selection_id !== undefined) await this.#report(act, body.selection_id);
        return;
      }
      case "priority": {
        const path = `/v1/runtime/services/${act.id}/priority`;
        return void (await this.#ask(OPERATOR, "PUT", path, { priority: PRIORITIES[act.priority] }));
      }
      case "reset":
        return void (await this.#ask(OPERATOR, "POST", "/v1/runtime/services/circuit-breakers/reset"));
      case "pass":
        await this.services.pass(act.seconds * 1000);
        return this.sweep();
    }
  }

  async sweep(): Promise<void> {
    await this.#ask(OPERATOR, "POST", "/v1/sweep");
  }

  /** A call that failed, or that a selection led to, which succeeded. */
  #report({ id: provider_id, by: asker }: { id: string; by: string }, selection_id: string | undefined) {
    const success = selection_id !== undefined;
    const outcome = { service: "llm", provider_id, success, ...(success && { selection_id }) };
    return this.#ask(asker, "POST", "/v1/outcomes", outcome);
  }

  #ask<T>(asker: string, method: string, path: string, body?: unknown, token?: string) {
    const request = `request-${(this.#requests += 1)}`;
    this.askers.set(request, asker);
    const headers = { ...bearer(asker), "X-Request-Id": request };
    return this.services.call<T>(method, path, body, {
      ...headers,
      ...(token !== undefined && { "Lease-Token": token }),
    });
  }
}

interface Told {
  type: string;
  kind: string;
  id: string;
  at: string;
  status?: string;
  provider?: string;
  breaker?: { half_open_at?: string };
  changes?: { field: string; from?: unknown; to?: unknown }[];
  actor: { type: string; name?: string };
  request_id: string | null;
}

/** What is known of an agent by its events alone. */
interface Standing {
  isThere: boolean;
  isSilent: boolean;
  isDraining: boolean;
  status: string;
  /** Those that were told as changed, since it was registered. */
  fields: Record<string, unknown>;
  priority: number;
  /** When an open breaker is half open; undefined: it is closed. */
  halfOpenAt: number | undefined;
}

const UNKNOWN: Standing = {
  isThere: false,
  isSilent: false,
  isDraining: false,
  status: "available",
  fields: {},
  priority: 2,
  halfOpenAt: undefined,
};
/** What begins with a registration: its fields are what nobody has told yet, and its breaker is closed. */
const BEGUN = { isThere: true, isSilent: false, priority: 2, halfOpenAt: undefined };

function after(before: Standing, event: Told): Standing {
  const { type, breaker, changes = [] } = event;
  const changed = Object.fromEntries(changes.map(({ field, to }) => [field, to]));
  const told = {
    ...before,
    ...(event.status !== undefined && { status: event.status }),
    fields: event.kind === "agent" ? { ...before.fields, ...changed } : before.fields,
  };
  switch (type) {
    case "registered":
      return { ...told, ...BEGUN, status: event.status ?? "available", fields: {} };
    case "replaced":
      return { ...told, ...BEGUN };
    case "renewed":
      return { ...told, isThere: true };
    case "recovered":
      return { ...told, isThere: true, isSilent: false };
    case "lapsed":
      return { ...told, isThere: false, isSilent: false };
    case "unregistered":
    case "reaped":
      return UNKNOWN;
    case "drain_requested":
    case "drain_cancelled":
      return { ...told, isDraining: type === "drain_requested" };
    case "became_unreachable":
      return { ...told, isSilent: true };
    case "breaker_opened":
    case "breaker_half_opened":
      return { ...told, halfOpenAt: Date.parse(breaker!.half_open_at!) };
    case "breaker_closed":
    case "breaker_reset":
      return { ...told, halfOpenAt: undefined };
    case "override_set":
      return { ...told, priority: changed["priority"] as number };
    default:
      return told;
  }
}

/** The same, as the API shows it; of who is not there only that. */
const shown = ({ isThere, isSilent, isDraining, status: reported, ...rest }: Standing, now: number) =>
  isThere
    ? {
        status: reported,
        effective_status: isDraining ? "draining" : isSilent ? "unreachable" : reported,
        priority: PRIORITIES[rest.priority],
        breaker: rest.halfOpenAt === undefined ? "closed" : now < rest.halfOpenAt ? "open" : "half_open",
      }
    : undefined;

async function expectReconstructed(day: Day): Promise<void> {
  const { services, askers } = day;
  const operator = bearer(OPERATOR);
  const { events } = (await services.get<{ events: Told[] }>("/v1/events?limit=1000", operator)).body;
  for (const { type, actor, request_id } of events) {
    if (actor.type === "registry" || request_id === null) continue;
    expect(actor.name, type).toBe(askers.get(request_id));
  }
  const standing = new Map<string, Standing>();
  for (const event of events) {
    const about = event.provider ?? event.id;
    standing.set(about, after(standing.get(about) ?? UNKNOWN, event));
  }
  const runtime = (await services.get<Runtime>("/v1/runtime/services", operator)).body;
  for (const about of IDS) {
    const told = standing.get(about) ?? UNKNOWN;
    const { status: code, body } = await services.get<{
      status: string;
      effective_status: string;
      version: string;
      metadata: { zone?: string };
    }>(`/v1/agents/${about}`, operator);
    const listed = runtime.global_services["llm"]?.find(({ name }) => name === about);
    const breaker = runtime.circuit_breaker_stats[`llm.${about}`]?.state.toLowerCase();
    const { status: reported, effective_status } = body;
    const found =
      code === 200 ? { status: reported, effective_status, priority: listed!.priority, breaker } : undefined;
    expect(found, JSON.stringify(events)).toEqual(shown(told, services.now));
    if (!found) continue;
    const { version: is = body.version, "metadata/zone": zone = body.metadata.zone } = told.fields;
    expect([body.version, body.metadata.zone]).toEqual([is, zone]);
  }
}

describe.each(BACKENDS)("a day of operations on $backend", ({ openBackend }) => {
  it("is reconstructed from its events alone: who is there, how it stands, and who did it", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(acts, { minLength: 20, maxLength: 30, size: "max" }), async (done) => {
        const day = new Day(openServices({ backend: openBackend(), access: ACCESS }));
        for (const act of done) await day.act(act);
        await day.sweep();
        await expectReconstructed(day);
      }),
      { numRuns: runs(6) },
    );
  }, 60_000);
});
