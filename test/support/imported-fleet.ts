import { expect } from "vitest";
import type { AgentRecord } from "../../src/core/agents/record.ts";
import { importFile } from "./imports.ts";
import { Registry } from "./registry.ts";
import type { Backend } from "./stores.ts";

export const SOURCES = ["one", "two"] as const;
export type Source = (typeof SOURCES)[number];
/** What a file says of an id: a version that it activates; "idle": not activated; undefined: nothing. */
export type Listed = "1.0.0" | "2.0.0" | "idle" | undefined;

const NAMES = ["a", "b", "c", "d"];
const IDS = NAMES.map((name) => `skill/${name}`);
/** Of what an import registers, and of processes alike. */
const TERMS = { ttl_seconds: 100, heartbeat_interval_seconds: 45 };
const ENV = { AGENT_TTL_SECONDS: "100", HEARTBEAT_INTERVAL_SECONDS: "45" };
/** A sweep's clock advances by at most so much from one run to the next. */
const BETWEEN_SWEEPS_MS = 90_000;
/** A lease lapses within two, and is reaped within five minutes more. */
const SETTLING_SWEEPS = 7;

interface File {
  listed: readonly Listed[];
  isStatic: boolean;
}
/** What a second import of a file may say. */
const SETTLED: ReadonlySet<string> = new Set(["unchanged", "held", "skipped"]);

/**
 * Imports of two sources, and processes, which all want the same ids. Each import is held against what the registry had before
 * it, what its file says and who lives.
 */
export class ImportedFleet {
  readonly #registry: Registry;
  /** The tokens of the processes that call in, by id. */
  readonly #living = new Map<string, string>();
  /** The tokens that imports were answered with last, by id. */
  readonly #given = new Map<string, string>();
  /** Ids of what crashed, or may have lapsed, and may not be reaped yet: somebody may come back. */
  readonly #lost = new Set<string>();
  readonly #files = new Map<Source, File>();

  constructor(backend: Backend) {
    this.#registry = new Registry({ backend, env: ENV });
  }

  async import(source: Source, listed: readonly Listed[], isStatic: boolean): Promise<void> {
    this.#files.set(source, { listed, isStatic });
    const before = await this.#state();
    const foretold = await this.#send(source, "&dry_run=true");
    expect(await this.#state()).toEqual(before);

    const { results } = await this.#send(source);
    expect(results.map(({ lease_token: _, ...result }) => result)).toEqual(foretold.results);
    for (const { id, lease_token } of results) if (lease_token) this.#given.set(id!, lease_token);
    const after = await this.#state();
    for (const [place, id] of IDS.entries()) {
      const was = before.records.get(id);
      const is = after.records.get(id);
      const said = { source, says: listed[place], isStatic };
      if (this.#living.has(id)) expectKept(was, is, said);
      else if (was && was.source !== source) expect(is).toEqual(was);
      else if (!this.#lost.has(id)) expectAsSaid(was, is, said);
    }
    await this.#callIn();

    const once = await this.#state();
    const again = await this.#send(source);
    expect(again.results.filter(({ outcome }) => !SETTLED.has(outcome))).toEqual([]);
    expect(await this.#state()).toEqual(once);
  }

  /** Imports the last file of each source until each has had its turn after the other. */
  async importAgain(): Promise<void> {
    for (const source of [...SOURCES, ...SOURCES]) {
      const { listed, isStatic } = this.#files.get(source) ?? { listed: [], isStatic: true };
      await this.import(source, listed, isStatic);
    }
    const isWanted = (place: number) =>
      [...this.#files.values()].some(({ listed }) => isVersion(listed[place]));
    const expected = IDS.filter((id, place) => this.#living.has(id) || isWanted(place));
    expect([...(await this.#state()).records.keys()]).toEqual(expected);
  }

  /** A process registers the id, whoever had it. */
  async join(slot: number): Promise<void> {
    const id = IDS[slot]!;
    const { lease_token } = await this.#registry.register({ id, type: "process", ...TERMS });
    this.#living.set(id, lease_token);
    this.#lost.delete(id);
  }

  /** A process begins to call in with the token that an import was answered with. */
  async adopt(slot: number): Promise<void> {
    const id = IDS[slot]!;
    const record = (await this.#state()).records.get(id);
    const token = this.#given.get(id);
    if (record?.source === undefined || record.heartbeat_interval_seconds === null || !token) return;
    this.#living.set(id, token);
    this.#lost.delete(id);
    await this.#callIn();
  }

  async leave(slot: number): Promise<void> {
    const id = IDS[slot]!;
    const token = this.#living.get(id);
    if (token === undefined) return;
    const path = `/v1/agents/${encodeURIComponent(id)}`;
    const { status } = await this.#registry.call("DELETE", path, undefined, { "Lease-Token": token });
    expect(status).toBe(204);
    this.#living.delete(id);
  }

  async crash(slot: number): Promise<void> {
    if (this.#living.delete(IDS[slot]!)) this.#lost.add(IDS[slot]!);
  }

  async drain(slot: number): Promise<void> {
    await this.#registry.post(`/v1/agents/${encodeURIComponent(IDS[slot]!)}/drain`);
  }

  async pass(sweeps: number): Promise<void> {
    for (const [id, record] of (await this.#state()).records) {
      if (record.heartbeat_interval_seconds !== null && !this.#living.has(id)) this.#lost.add(id);
    }
    for (let nth = 0; nth < sweeps; nth += 1) {
      await this.#registry.pass(BETWEEN_SWEEPS_MS);
      await this.#callIn();
      await this.#registry.post("/v1/sweep");
    }
  }

  /** Until nobody is left who might come back. */
  async settle(): Promise<void> {
    await this.pass(SETTLING_SWEEPS);
    this.#lost.clear();
  }

  /** Nobody who lives has been ended. */
  async #callIn(): Promise<void> {
    for (const [id, token] of this.#living) {
      const state = { status: "busy", current_load: 2 };
      expect((await this.#registry.heartbeat(id, token, state)).body).toMatchObject({ received: true });
    }
  }

  #send(source: Source, options = "") {
    const { listed, isStatic } = this.#files.get(source)!;
    const components = listed.flatMap((says, place) =>
      says === undefined
        ? []
        : [{ type: "skill", name: NAMES[place], activated: isVersion(says), version: says }],
    );
    return importFile(this.#registry, components, `?static=${isStatic}&source=${source}${options}`);
  }

  /** All that an import could change. */
  async #state() {
    const { body } = await this.#registry.get<{ agents: AgentRecord[] }>("/v1/agents");
    const { body: newest } = await this.#registry.get("/v1/events?order=desc&limit=1");
    return { records: new Map(body.agents.map((agent) => [agent.id, agent])), newest };
  }
}

/** What the last file of a source says of one id. */
interface Said {
  source: Source;
  says: Listed;
  isStatic: boolean;
}

const isVersion = (says: Listed): boolean => says !== undefined && says !== "idle";

/** Somebody lives there: the registration is as it was, but for what the file says of an entry of its source. */
function expectKept(
  was: AgentRecord | undefined,
  is: AgentRecord | undefined,
  { source, says, isStatic }: Said,
): void {
  const isChanged = was?.source === source && !isStatic && isVersion(says);
  expect(is).toEqual(isChanged ? { ...was, version: says } : was);
}

/** Nobody lives there, and no other source has it. */
function expectAsSaid(
  was: AgentRecord | undefined,
  is: AgentRecord | undefined,
  { source, says, isStatic }: Said,
): void {
  if (!isVersion(says)) return expect(is).toBeUndefined();
  const intervalSeconds = isStatic ? null : TERMS.heartbeat_interval_seconds;
  expect(is).toMatchObject({ source, version: says, heartbeat_interval_seconds: intervalSeconds });
  if (was?.heartbeat_interval_seconds === intervalSeconds) expect(is).toEqual({ ...was, version: says });
}
