import { decideDrain } from "../../core/agents/drain.ts";
import { decideRegistration, termErrors } from "../../core/agents/registration.ts";
import type { Asker } from "../../core/authority.ts";
import type { Decision } from "../../core/decision.ts";
import { type Entry, isLive, type Kind, type Past, type Ref } from "../../core/entry.ts";
import { invalid, Problem } from "../../core/problem.ts";
import { heldByNobody, inNameOf, type RestoreOutcome } from "../../core/restoration.ts";
import { decideToolset } from "../../core/toolsets/registration.ts";
import { change } from "../../store/change.ts";
import { refuseRepeats } from "../batch.ts";
import type { Namespace } from "../namespace.ts";
import { inspectTools, keptTools } from "../toolsets/inspect-tools.ts";
import { type BackedAgent, type BackedToolset, readLine, type Restorable, within } from "./lines.ts";

/** A line of a backup as it was sent; a Problem where it is no JSON. */
export interface SentLine {
  /** In the file, from 1. */
  number: number;
  value: unknown;
}

export interface RestoredLine {
  number: number;
  kind: Restorable["kind"] | null;
  /** The agent's or the toolset's; null where it is not known. */
  id: string | null;
  result: RestoreOutcome | Problem;
}

/**
 * Restores part of a backup, each line by itself: one that is refused stops no other. What is there is left as it is, so that the
 * same can be restored again. Static agents and toolsets come back as they were, held by nobody (core/restoration.ts); agents
 * that call in come back by themselves, and are waited for. So are drains and overrides of agents that are not there.
 *
 * Two round trips for the agents, and two more each where there are drains and toolsets; one call to the pool of each service
 * of which there are overrides.
 *
 * @param asker  an admin
 * @param isDryRun  decides, and writes nothing
 * @returns per line that something comes of, or is wrong with, in their order; the Problem is `invalid_request`,
 *   `payload_too_large`, `quota_exceeded` or `store_contended`
 * @throws {Problem} `invalid_request` for a backup in another format; `store_unavailable`: part of it may be restored, and it
 *   can be sent again
 */
export async function restore(
  namespace: Namespace,
  asker: Asker,
  sent: readonly SentLine[],
  isDryRun: boolean,
  now: number,
): Promise<RestoredLine[]> {
  const lines = sent.flatMap(({ number, value }) => {
    const line = value instanceof Problem ? value : readLine(value, number);
    return line ? [{ number, line }] : [];
  });
  const distinct = refuseRepeats(lines, ({ line }) => nameIn(line)).map((item) =>
    item instanceof Problem
      ? invalid([{ pointer: "", detail: "the same is on an earlier line" }])
      : item.line,
  );
  const only = <K extends Restorable["kind"]>(kind: K) =>
    distinct.filter(
      (line): line is Extract<Restorable, { kind: K }> => !(line instanceof Problem) && line.kind === kind,
    );
  const work = { namespace, asker, isDryRun, now };
  const [drains, overrides] = [only("drain"), only("override")];
  const concerned = [...drains.map((line) => line.agent_id), ...overrides.map((line) => line.provider_id)];
  const agents = await restoreAgents(work, only("agent"), concerned);
  const drained = await restoreDrains(
    work,
    drains.map((line) => line.agent_id),
    agents.entries,
  );
  const overridden = await restoreOverrides(work, overrides, agents.entries);
  const toolsets = await restoreToolsets(work, only("toolset"));

  const resultOf = (line: Restorable): RestoreOutcome | Problem => {
    switch (line.kind) {
      case "agent":
        return agents.results.get(line.input.id)!;
      case "toolset":
        return toolsets.get(line.input.name)!;
      case "drain":
        return drained.get(line.agent_id)!;
      case "override":
        return overridden.get(line)!;
    }
  };
  return distinct.map((line, i): RestoredLine => {
    const { number, line: own } = lines[i]!;
    const about = own instanceof Problem ? { kind: null, id: null } : { kind: own.kind, id: idIn(own) };
    return { number, ...about, result: line instanceof Problem ? line : resultOf(line) };
  });
}

interface Work {
  namespace: Namespace;
  asker: Asker;
  isDryRun: boolean;
  now: number;
}

function idIn(line: Restorable): string {
  if (line.kind === "agent") return line.input.id;
  if (line.kind === "toolset") return line.input.name;
  return line.kind === "drain" ? line.agent_id : line.provider_id;
}

/** Two lines of one name would compete. */
function nameIn(line: Restorable | Problem): string | undefined {
  if (line instanceof Problem) return undefined;
  const binding = line.kind === "override" ? [line.service, line.handler] : [];
  return JSON.stringify([line.kind, idIn(line), ...binding]);
}

/**
 * `change`, or what it would answer.
 *
 * @returns per ref the result, and the entry as it is then
 */
async function decideAll<K extends Kind>(
  { namespace: { store }, isDryRun, now }: Work,
  refs: readonly Ref<K>[],
  decide: (
    entry: Entry<K> | undefined,
    index: number,
    past: Past,
    clock: number,
  ) => Decision<RestoreOutcome | Problem, K>,
): Promise<{ result: RestoreOutcome | Problem; entry: Entry<K> | undefined }[]> {
  if (refs.length === 0) return [];
  const { snapshots, clock } = await store.readWithClock(refs, now);
  const entries: (Entry<K> | undefined)[] = [];
  const decided = (entry: Entry<K> | undefined, index: number, past: Past) => {
    const decision = decide(entry, index, past, clock);
    entries[index] = decision.write ? decision.write.entry : entry;
    return decision;
  };
  const results = isDryRun
    ? snapshots.map((read, index) => decided(read.entry, index, read).result)
    : await change<RestoreOutcome | Problem, K>(store, snapshots, decided, now);
  return results.map((result, i) => ({
    result,
    entry: result instanceof Problem ? snapshots[i]!.entry : entries[i],
  }));
}

/** @param concerned  ids of further agents that are looked at */
async function restoreAgents(
  work: Work,
  agents: readonly BackedAgent[],
  concerned: readonly string[],
): Promise<{
  results: Map<string, RestoreOutcome | Problem>;
  entries: Map<string, Entry | undefined>;
}> {
  const { namespace, asker, now } = work;
  const wanted = new Map(agents.map((agent) => [agent.input.id, agent]));
  const ids = [...new Set([...wanted.keys(), ...concerned])];
  const refs = ids.map((id): Ref => ({ kind: "agent", id }));
  const done = await decideAll(work, refs, (before, index, past, clock) => {
    const agent = wanted.get(ids[index]!);
    if (before) return { result: "kept" };
    if (!agent || agent.input.heartbeat_interval_seconds !== null) return { result: "waiting" };
    const { input, kept } = agent;
    const errors = termErrors(input, namespace.lease);
    if (errors.length > 0) return { result: within(invalid(errors), "/agent") };
    const request = {
      id: input.id,
      input,
      asker: inNameOf(asker, kept),
      region: kept.region,
      defaults: namespace.lease,
      issued: heldByNobody(kept.registered_at, past, clock),
      ...(kept.source !== undefined && { source: kept.source }),
    };
    const { result, ...decision } = decideRegistration(undefined, past, request, now);
    return result instanceof Problem ? { result } : { result: "restored", ...decision };
  });
  return {
    results: new Map(ids.map((id, i) => [id, done[i]!.result])),
    entries: new Map(ids.map((id, i) => [id, done[i]!.entry])),
  };
}

/** @param entries  the agents as they are now */
async function restoreDrains(
  work: Work,
  ids: readonly string[],
  entries: ReadonlyMap<string, Entry | undefined>,
): Promise<Map<string, RestoreOutcome | Problem>> {
  const results = new Map<string, RestoreOutcome | Problem>();
  for (const id of ids) {
    const entry = entries.get(id);
    results.set(id, !isLive(entry) ? "waiting" : entry.draining ? "kept" : "restored");
  }
  const due = ids.filter((id) => results.get(id) === "restored");
  if (work.isDryRun) return results;
  const refs = due.map((id): Ref => ({ kind: "agent", id }));
  const done = await decideAll(work, refs, (before, index) => {
    if (!isLive(before)) return { result: "waiting" };
    const request = { id: due[index]!, asker: work.asker, fence: undefined, draining: true };
    const { result, ...decision } = decideDrain(before, request, work.now);
    return { result: result ?? (decision.write ? "restored" : "kept"), ...decision };
  });
  for (const [i, id] of due.entries()) results.set(id, done[i]!.result);
  return results;
}

type OverrideLine = Extract<Restorable, { kind: "override" }>;

/** @param entries  the agents as they are now */
async function restoreOverrides(
  { namespace: { pool }, isDryRun, now }: Work,
  lines: readonly OverrideLine[],
  entries: ReadonlyMap<string, Entry | undefined>,
): Promise<Map<OverrideLine, RestoreOutcome>> {
  const results = new Map<OverrideLine, RestoreOutcome>(lines.map((line) => [line, "waiting"]));
  const due = lines.flatMap((line) => {
    const entry = entries.get(line.provider_id);
    const isOffered = entry?.document.registration.services.some(
      ({ service, handler }) => service === line.service && handler === line.handler,
    );
    return entry && isOffered ? [{ line, fence: entry.document.fence }] : [];
  });
  const byService = [...Map.groupBy(due, ({ line }) => line.service)];
  await Promise.all(
    byService.map(async ([service, own]) => {
      const overrides = own.map(({ line, fence }) => {
        const { provider_id: provider, handler, priority, priority_group, strategy } = line;
        return { provider, fence, handler, override: { priority, priority_group, strategy } };
      });
      const isSet = isDryRun
        ? (await pool(service).describe(overrides, now)).map(
            (state, i) => !Object.hasOwn(state.overrides, overrides[i]!.handler),
          )
        : await pool(service).restore(overrides, now);
      for (const [i, { line }] of own.entries()) results.set(line, isSet[i] ? "restored" : "kept");
    }),
  );
  return results;
}

async function restoreToolsets(
  work: Work,
  toolsets: readonly BackedToolset[],
): Promise<Map<string, RestoreOutcome | Problem>> {
  const prepared = await Promise.all(
    toolsets.map(async ({ input: { name, tools, ...rest }, kept }) => {
      const inspected = inspectTools(tools, false);
      if (inspected instanceof Problem) return { name, registration: within(inspected, "/toolset"), kept };
      return {
        name,
        registration: { id: name, ...rest, tools: await keptTools(name, inspected.accepted) },
        kept,
      };
    }),
  );
  const refs = prepared.map(({ name }): Ref<"toolset"> => ({ kind: "toolset", id: name }));
  const done = await decideAll(work, refs, (before, index, past, clock) => {
    const { registration, kept } = prepared[index]!;
    if (before) return { result: "kept" };
    if (registration instanceof Problem) return { result: registration };
    const request = {
      registration,
      asker: inNameOf(work.asker, kept),
      region: kept.region,
      issued: heldByNobody(kept.registered_at, past, clock),
    };
    const { result: _, ...decision } = decideToolset(undefined, request, work.now);
    return { result: "restored", ...decision };
  });
  return new Map(prepared.map(({ name }, i) => [name, done[i]!.result]));
}
