import { type AgentRecord, agentRecord } from "../../core/agents/record.ts";
import { type Entry, isLive } from "../../core/entry.ts";
import type { Override, ProviderState } from "../../core/services/provider-state.ts";
import { isoTime } from "../../core/time.ts";
import { toolsetRecord } from "../../core/toolsets/catalogue.ts";
import { VERSION } from "../../core/version.ts";
import type { Page } from "../../store/store.ts";
import type { PageSize } from "../../store/walk.ts";
import type { Namespace } from "../namespace.ts";
import { servicesOf } from "../services/fleet.ts";

/** The version of the format. Another one means something else by a line that is there. */
export const BACKUP_FORMAT = 1;

/** How many of each there were, in all answers of one export so far. */
export interface ExportCounts {
  agents: number;
  drains: number;
  overrides: number;
  toolsets: number;
}

/** Where an export goes on. */
export interface ExportPlace {
  kind: "agent" | "toolset";
  /** Start after this id; "" from the beginning. */
  after: string;
  counts: ExportCounts;
}

export const EXPORT_START: ExportPlace = {
  kind: "agent",
  after: "",
  counts: { agents: 0, drains: 0, overrides: 0, toolsets: 0 },
};

export type ExportLine =
  | { kind: "header"; rollcall: string; format: typeof BACKUP_FORMAT; namespace: string; as_of: string }
  | { kind: "agent"; static: boolean; agent: AgentRecord }
  | { kind: "drain"; agent_id: string }
  | ({ kind: "override"; provider_id: string; service: string; handler: string } & Override)
  | { kind: "toolset"; toolset: ReturnType<typeof toolsetRecord> }
  | ({ kind: "end" } & ExportCounts);

/** Lines that are to be sent, then the next ones; `next`: the answer ends here, and another request goes on there. */
export interface ExportPart {
  lines: ExportLine[];
  next?: ExportPlace;
}

/** One page is in memory at a time. */
const PAGE: PageSize = { limit: 500, chars: 250_000 };
/** How much one answer may ask: the platform bounds it for each request. */
const BOUNDS = {
  /** Of the store: 50 times is the most on the platform's Free plan. */
  pages: 32,
  /** For one page, unless its first agent alone has more services; twice as many in all. Its objects may be asked 1,000 times. */
  pools: 200,
};

/**
 * Everything that is registered in a namespace, without keys, lease tokens and fences: agents in order of id, each followed by
 * its drain and by what operators set for its bindings, then toolsets. It is read page by page: what is registered or leaves
 * meanwhile may be in it or not. Of an agent that has lapsed there are drain and overrides alone.
 *
 * @throws {Problem} from a step: `store_unavailable`. There is no last line then, neither `end` nor a place to go on
 */
export async function* exported(
  namespace: Namespace,
  { kind, after, counts: before }: ExportPlace,
  now: number,
  bounds = BOUNDS,
): AsyncGenerator<ExportPart, void> {
  const { name, store, clock, ping } = namespace;
  const counts = { ...before };
  // It goes with the first page, so that an export that cannot begin is refused.
  let head: ExportLine[] = [
    { kind: "header", rollcall: VERSION, format: BACKUP_FORMAT, namespace: name, as_of: isoTime(now) },
  ];
  let place: { kind: ExportPlace["kind"]; after: string | null } = { kind, after };
  let [pages, pools] = [0, 0];
  while (place.after !== null) {
    if (pages >= bounds.pages || pools >= 2 * bounds.pools) {
      return yield { lines: [], next: { kind: place.kind, after: place.after, counts } };
    }
    pages += 1;
    const at = clock();
    let lines: ExportLine[];
    const from = { terms: [place.kind], after: place.after, ...PAGE };
    if (place.kind === "agent") {
      const page = await store.page({ kind: "agent", ...from }, at);
      const { entries, next } = untilPools(page, bounds.pools);
      const services = servicesOf(entries);
      pools += services.length;
      const overrides = await overridesOf(namespace, services, entries, at);
      const told = entries.flatMap((entry) => agentLines(entry, overrides, at));
      for (const line of told) counts[COUNTED[line.kind]] += 1;
      lines = told;
      place = next === null ? { kind: "toolset", after: "" } : { kind: "agent", after: next };
    } else {
      const page = await store.page({ kind: "toolset", ...from }, at);
      counts.toolsets += page.entries.length;
      lines = page.entries.map((entry) => ({ kind: "toolset", toolset: toolsetRecord(entry, ping, at) }));
      place = { kind: "toolset", after: page.next };
    }
    yield { lines: [...head, ...lines] };
    head = [];
  }
  yield { lines: [{ kind: "end", ...counts }] };
}

type AgentLine = Extract<ExportLine, { kind: "agent" | "drain" | "override" }>;

const COUNTED = { agent: "agents", drain: "drains", override: "overrides" } as const;

/** A page as far as its entries offer at most so many services; its first entry in any case. */
function untilPools({ entries, next }: Page, poolsMax: number): Page {
  const services = new Set<string>();
  const taken: Entry[] = [];
  for (const entry of entries) {
    const { services: offered } = entry.document.registration;
    const isMore = offered.some(({ service }) => !services.has(service));
    for (const { service } of offered) services.add(service);
    if (isMore && services.size > poolsMax && taken.length > 0) {
      return { entries: taken, next: taken.at(-1)!.document.registration.id };
    }
    taken.push(entry);
  }
  return { entries: taken, next };
}

/** What an operator set, by service and provider. */
type Overrides = ReadonlyMap<string, ReadonlyMap<string, ProviderState["overrides"]>>;

async function overridesOf(
  { pool }: Namespace,
  services: readonly string[],
  entries: readonly Entry[],
  now: number,
): Promise<Overrides> {
  const found = services.map(async (service) => {
    const registrations = entries.flatMap(({ document: { fence, registration } }) =>
      registration.services.some((binding) => binding.service === service)
        ? [{ provider: registration.id, fence }]
        : [],
    );
    const states = await pool(service).describe(registrations, now);
    return [
      service,
      new Map(registrations.map(({ provider }, i) => [provider, states[i]!.overrides])),
    ] as const;
  });
  return new Map(await Promise.all(found));
}

function agentLines(entry: Entry, overrides: Overrides, now: number): AgentLine[] {
  const { id, services, heartbeat_interval_seconds } = entry.document.registration;
  const lines: AgentLine[] = [];
  if (isLive(entry)) {
    lines.push({
      kind: "agent",
      static: heartbeat_interval_seconds === null,
      agent: agentRecord(entry, now),
    });
  }
  if (entry.draining) lines.push({ kind: "drain", agent_id: id });
  for (const { service, handler } of services) {
    const override = overrides.get(service)?.get(id)?.[handler];
    if (override) lines.push({ kind: "override", provider_id: id, service, handler, ...override });
  }
  return lines;
}
