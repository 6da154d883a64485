import { describe, expect, it } from "vitest";
import type { Asker } from "../../../src/core/authority.ts";
import { Problem } from "../../../src/core/problem.ts";
import { reportOutcomes, type Outcome, type TakenOutcome } from "../../../src/registry/services/report.ts";
import { resolve } from "../../../src/registry/services/resolve.ts";
import { ANYONE } from "../../support/entries.ts";
import { ANY } from "../../support/offers.ts";
import { openServices, type Services } from "../../support/services.ts";
import { BACKENDS } from "../../support/stores.ts";

const outcome = (fields: Partial<Outcome>): Outcome => ({
  service: "llm",
  provider: "a",
  selectionId: null,
  success: false,
  latencyMs: undefined,
  error: undefined,
  ...fields,
});

/** Keys that own nothing here and are no admins'. */
const caller = (name: string): Asker => ({ name, scopes: ["read", "write"], namespace: "default" });
const ROBIN = caller("robin");

/** The registry in the words of this file. */
function wordsFor(services: Services, namespace = services.open("default")) {
  const selectionId = async (asker: Asker, service = "llm"): Promise<string> => {
    const found = await resolve(namespace, asker, { service, query: ANY, dryRun: false }, services.now);
    if (found instanceof Problem || found.selectionId === null) throw new Error("no selection");
    return found.selectionId;
  };
  const report = async (asker: Asker, fields: Partial<Outcome>): Promise<TakenOutcome> => {
    const [result] = await reportOutcomes(namespace, asker, [outcome(fields)], services.now);
    if (!result || result instanceof Problem) throw new Error("not taken");
    return result;
  };
  const failures = async (): Promise<[breaker: number, total: number]> => {
    const { failure_count, total_failures } = await services.stats("a");
    return [failure_count, total_failures];
  };
  return { selectionId, report, failures };
}

const FEW = { failure_threshold: 2, recovery_timeout: 10, success_threshold: 2 };

describe.each(BACKENDS)("reporting outcomes on $backend", ({ openBackend }) => {
  const open = async () => {
    const services = openServices({ backend: openBackend() });
    await services.offer("a", { circuit_breaker: FEW });
    return { services, ...wordsFor(services) };
  };

  it("answers each in its place, and counts a selection once", async () => {
    const { services, selectionId } = await open();
    const id = await selectionId(ROBIN);
    const outcomes = [
      outcome({ selectionId: id, latencyMs: 10 }),
      outcome({ provider: "stranger" }),
      outcome({ selectionId: id, latencyMs: 99 }),
      outcome({ service: "vision" }),
    ];
    const results = await reportOutcomes(services.open("default"), ROBIN, outcomes, services.now);
    expect(results).toMatchObject([
      { provider: "a", counted: true, circuit: "closed", latencyMs: 10 },
      { code: "provider_not_found" },
      { provider: "a", counted: false, circuit: "closed", latencyMs: 10 },
      { code: "provider_not_found" },
    ]);
  });

  it("opens the breaker once enough have failed in a row", async () => {
    const { services } = await open();
    const outcomes = [{}, { success: true }, {}, {}].map(outcome);
    const results = await reportOutcomes(services.open("default"), ANYONE, outcomes, services.now);
    expect(results.at(-1)).toMatchObject({ counted: true, circuit: "open" });
  });

  it("believes a selection, the owner and an admin; whoever else proves none moves totals alone", async () => {
    const { selectionId, report, failures } = await open();
    expect(await report(ROBIN, {})).toMatchObject({ counted: true, circuit: "closed" });
    expect(await failures()).toEqual([0, 1]);
    await report(ROBIN, { selectionId: await selectionId(ROBIN) });
    expect(await failures()).toEqual([1, 2]);
    expect(await report(ANYONE, {})).toMatchObject({ circuit: "open" });
    expect(await failures()).toEqual([2, 3]);
  });

  it("takes a selection for none that is another caller's, provider's or registration's, forged, or of an earlier version", async () => {
    const { services, selectionId, report, failures } = await open();
    const id = await selectionId(ROBIN);
    await report(caller("jay"), { selectionId: id });
    const proof = id.split(".").at(-1)!;
    await report(ROBIN, { selectionId: id.replace(proof, proof.split("").toReversed().join("")) });
    await report(ROBIN, { selectionId: id.replace(/^.{8}/, "00000000") });
    await report(ROBIN, { selectionId: id.replace(/\.0\./, ".1.") });
    await report(ROBIN, { selectionId: crypto.randomUUID() });
    await services.offer("b", { service: "stt" });
    await report(ROBIN, { selectionId: await selectionId(ROBIN, "stt") });
    expect(await failures()).toEqual([0, 6]);
    await services.offer("a", { circuit_breaker: FEW });
    await report(ROBIN, { selectionId: id });
    expect(await failures(), "a new registration").toEqual([0, 1]);
  });

  it("is told by a selection id when it was made, and believes it for a day", async () => {
    const { services, selectionId, report, failures } = await open();
    const [id, other] = [await selectionId(ROBIN), await selectionId(ROBIN)];
    expect(Number(id.split(".")[1])).toBe(services.now);
    await services.pass(86_400_000);
    await report(ROBIN, { selectionId: id });
    expect(await failures()).toEqual([1, 1]);
    await services.pass(1);
    await report(ROBIN, { selectionId: other });
    expect(await failures()).toEqual([1, 2]);
  });

  it("lets nothing change an open breaker, nor a selection of before it opened a later one", async () => {
    const { services, selectionId, report } = await open();
    const early = await selectionId(ROBIN);
    for (const success of [false, false, true, false]) await report(ANYONE, { success });
    const before = await services.stats("a");
    expect(await report(ROBIN, { selectionId: early })).toMatchObject({ counted: false, circuit: "open" });
    expect(await report(ANYONE, { success: true })).toMatchObject({ counted: false, circuit: "open" });
    expect({ ...(await services.stats("a")), last_failure_age: 0 }).toEqual(before);
    await services.pass(10_000);
    expect(await report(ROBIN, { selectionId: early })).toMatchObject({
      counted: false,
      circuit: "half_open",
    });
    for (let i = 0; i < 2; i += 1) {
      await report(ROBIN, { selectionId: await selectionId(ROBIN), success: true });
    }
    expect(await report(ROBIN, { selectionId: early })).toMatchObject({ counted: false, circuit: "closed" });
    expect(await services.stats("a")).toMatchObject({ failure_count: 0 });
  });

  it("lets nothing but a probe's selection move a half-open breaker, whoever sends it", async () => {
    const { services, selectionId, report } = await open();
    for (let i = 0; i < 2; i += 1) await report(ANYONE, {});
    await services.pass(10_000);
    for (const success of [true, false, true, true]) {
      expect(await report(ANYONE, { success })).toMatchObject({ counted: false, circuit: "half_open" });
    }
    const probes = [await selectionId(ROBIN), await selectionId(ROBIN)];
    expect(await report(ROBIN, { selectionId: probes[0]!, success: true })).toMatchObject({
      circuit: "half_open",
    });
    expect(await report(ROBIN, { selectionId: probes[0]!, success: true })).toMatchObject({ counted: false });
    expect(await report(ROBIN, { selectionId: probes[1]!, success: true })).toMatchObject({
      circuit: "closed",
    });
  });

  it("believes no id of a key that is lost, and takes such a one for none", async () => {
    const services = openServices({ backend: openBackend() });
    await services.offer("a", { circuit_breaker: FEW });
    const namespace = services.open("default");
    const id = await wordsFor(services).selectionId(ROBIN);
    const other = await crypto.subtle.importKey(
      "raw",
      crypto.getRandomValues(new Uint8Array(32)),
      { name: "HMAC", hash: "SHA-256" },
      false,
      ["sign"],
    );
    const { report, failures } = wordsFor(services, { ...namespace, proofKey: async () => other });
    await report(ROBIN, { selectionId: id });
    expect(await failures()).toEqual([0, 1]);
  });
});

describe("the key of the proofs", () => {
  it("is the deployment's where one is set, whatever the store has", async () => {
    const env = { SIGNING_KEY: "a-key-of-the-deployment-that-is-long-enough-for-it" };
    const backend = BACKENDS[1].openBackend();
    const [one, another] = [openServices({ backend, env }), openServices({ backend, env })];
    await one.offer("a");
    const id = await wordsFor(one).selectionId(ROBIN);
    await wordsFor(another).report(ROBIN, { selectionId: id });
    expect(await wordsFor(one).failures()).toEqual([1, 1]);
    const without = openServices({ backend });
    await wordsFor(without).report(ROBIN, { selectionId: await wordsFor(one).selectionId(ROBIN) });
    expect(await wordsFor(one).failures()).toEqual([1, 2]);
  });

  it("is the store's otherwise: the same for every isolate, and read again after five minutes", async () => {
    const backend = BACKENDS[1].openBackend();
    const reads: string[] = [];
    const counted = {
      ...backend,
      open: (namespace: string) => {
        const store = backend.open(namespace);
        const signingKey = (candidate: string) => (reads.push(namespace), store.signingKey(candidate));
        return { ...store, signingKey };
      },
    };
    const [one, another] = [openServices({ backend: counted }), openServices({ backend: counted })];
    await one.offer("a");
    for (let i = 0; i < 3; i += 1) await wordsFor(one).selectionId(ROBIN);
    expect(reads).toHaveLength(1);
    await wordsFor(another).report(ROBIN, { selectionId: await wordsFor(one).selectionId(ROBIN) });
    expect(await wordsFor(one).failures()).toEqual([1, 1]);
    expect(reads).toHaveLength(2);
    await one.pass(300_000);
    await wordsFor(one).selectionId(ROBIN);
    expect(reads).toHaveLength(3);
  });

  it("is read beside the call to the pool, so that resolve does not wait for one after the other", async () => {
    const services = openServices({ backend: BACKENDS[1].openBackend() });
    await services.offer("a");
    const namespace = services.open("default");
    const asked = Promise.withResolvers<void>();
    const { selectionId } = wordsFor(services, {
      ...namespace,
      proofKey: () => (asked.resolve(), namespace.proofKey()),
      pool: (service) => {
        const pool = namespace.pool(service);
        return { ...pool, resolve: (request, now) => asked.promise.then(() => pool.resolve(request, now)) };
      },
    });
    expect(await selectionId(ROBIN)).toMatch(/^[\w-]+\.\d+\.0\.[\w-]{22}$/);
  });
});
