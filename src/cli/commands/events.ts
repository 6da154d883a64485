import type { AgentEvents, EntryEvents, EventFilter, RegistryEvent } from "../../client/index.ts";
import { command, type Session } from "../command.ts";
import { readSince, type Since } from "../since.ts";
import { visible } from "../table.ts";
import { UsageError } from "../usage-error.ts";
import { agentIds, EVENT_TYPES, toolsetNames } from "../values.ts";

const SHOWN = 20;
const PAGE_MAX = 1000;

const ARGS = {
  limit: {
    type: "string",
    alias: "n",
    description: `At most this many (${SHOWN}; with --since all)`,
  },
  since: {
    type: "string",
    description: "Only later ones: than so long ago (90s, 10m, 2h, 1d), a time, or an event's cursor",
  },
  type: {
    type: "string",
    description: "Of this type; repeat it for any of several",
    values: EVENT_TYPES,
  },
  id: { type: "string", description: "Of the agent or toolset with this id", values: agentIds },
  agent: {
    type: "string",
    description: "The last 200 of this agent alone, and its uptime",
    values: agentIds,
  },
  toolset: { type: "string", description: "The last 200 of this toolset alone", values: toolsetNames },
  follow: {
    type: "boolean",
    alias: "f",
    description: "Show them oldest first, and go on with new ones until Ctrl-C",
  },
} as const;

export const events = command({
  description: "What happened, newest first; as JSON one event a line",
  examples: [
    "events",
    "events --since 10m --type became_unreachable --type lapsed",
    "events --id agent/scout -n 5",
    "events --agent agent/scout --since 2h",
    "events --follow",
    "events --json --since MTItMzQ1",
  ],
  args: ARGS,
  async run(session) {
    const { args, all, whole, client, io, json, paint } = session;
    const show = (event: RegistryEvent) => {
      const words = `${event.at}  ${paint("dim", String(event.revision).padStart(6))}  ${paint("cyan", event.type.padEnd(18))}  ${visible(event.id)}`;
      io.out.write(`${json ? JSON.stringify(event) : [words, ...details(event)].join("  ")}\n`);
    };
    // The registry checks them.
    const types = all("type") as NonNullable<EventFilter["type"]>;
    const filter: EventFilter = { id: args.id, ...(types.length > 0 && { type: types }) };
    const since = args.since === undefined ? undefined : readSince(args.since, io.now());
    const limit = whole("limit", 0) ?? (since ? Infinity : SHOWN);
    if (args.agent !== undefined || args.toolset !== undefined) {
      if (args.follow || args.id !== undefined || since?.cursor !== undefined)
        throw new UsageError("--agent and --toolset go with --limit, --type and --since with a time alone");
      const { events: own, uptime } = await logOf(session);
      const wanted = own.filter(
        ({ at, type }) =>
          Date.parse(at) >= (since?.at ?? -Infinity) && (types.length === 0 || [types].flat().includes(type)),
      );
      for (const event of wanted.slice(0, limit)) show(event);
      if (uptime && !json) io.out.write(`${uptimeLine(uptime)}\n`);
      return;
    }
    if (!args.follow) {
      for (const event of await newest(session, filter, since, limit)) show(event);
      return;
    }
    const [head] = (await client.latestEvents({ limit: 1 }, { signal: io.ending })).events;
    const before = await newest(session, filter, since, limit);
    for (const event of before.toReversed()) show(event);
    // Without any that were shown, none has come since `head` either.
    const from = before[0]?.cursor ?? head?.cursor;
    for await (const event of client.follow({ ...filter, since: from, signal: io.ending })) show(event);
  },
});

/** What happened to the agent or toolset that is named. */
async function logOf({
  client,
  args: { agent, toolset },
  io: { ending: signal },
}: Session<typeof ARGS>): Promise<EntryEvents & Partial<Pick<AgentEvents, "uptime">>> {
  if (agent === undefined) return client.toolsets.events(toolset!, {}, { signal });
  if (toolset !== undefined) throw new UsageError("--agent and --toolset are two different logs");
  return client.agents.events(agent, {}, { signal });
}

function uptimeLine({ ratio, observed_seconds: seconds }: AgentEvents["uptime"]): string {
  if (ratio === null) return "reachable  unknown: nothing is kept of the last 24 h";
  return `reachable  ${(ratio * 100).toFixed(1)} % of ${(seconds / 3600).toFixed(1)} h`;
}

const CHANGES_SHOWN = 3;

/** What changed, by whom where it was not the agent itself, or the registry, and why. */
function details({ from, status, changes = [], more_changes = 0, actor, reason }: RegistryEvent): string[] {
  const more = changes.length + more_changes - CHANGES_SHOWN;
  return [
    ...(status === undefined ? [] : [from === undefined ? status : `${from} → ${status}`]),
    ...changes.slice(0, CHANGES_SHOWN).map(changed),
    ...(more > 0 ? [`and ${more} more`] : []),
    ...(actor?.type === "key" ? [`by ${visible(actor.name ?? "")}`] : []),
    ...(reason === undefined ? [] : [`"${visible(reason)}"`]),
  ];
}

function changed({ field, ...change }: NonNullable<RegistryEvent["changes"]>[number]): string {
  const values = (["from", "to"] as const).map((side) =>
    side in change ? brief(change[side]) : change.shortened ? "…" : "none",
  );
  return `${visible(field)} ${values.join(" → ")}`;
}

const VALUE_SHOWN = 40;

function brief(value: unknown): string {
  const text = visible(typeof value === "string" ? value : JSON.stringify(value));
  return text.length > VALUE_SHOWN ? `${text.slice(0, VALUE_SHOWN - 1)}…` : text;
}

/** Newest first. */
async function newest(
  { client, io: { ending: signal } }: Session<typeof ARGS>,
  filter: EventFilter,
  since: Since | undefined,
  limit: number,
): Promise<RegistryEvent[]> {
  const found: RegistryEvent[] = [];
  if (since?.cursor !== undefined) {
    for (let from = since.cursor, isEnd = false; !isEnd;) {
      const page = await client.events({ ...filter, since: from, limit: PAGE_MAX }, { signal });
      found.push(...page.events);
      isEnd = page.next_since === from;
      from = page.next_since;
    }
    return found.toReversed().slice(0, limit);
  }
  const after = since?.at ?? -Infinity;
  for (let cursor: string | null | undefined; cursor !== null && found.length < limit;) {
    const query = { ...filter, limit: Math.min(PAGE_MAX, limit - found.length), cursor: cursor ?? null };
    const page = await client.latestEvents(query, { signal });
    const later = page.events.filter(({ at }) => Date.parse(at) >= after);
    found.push(...later);
    cursor = later.length < page.events.length ? null : page.next_cursor;
  }
  return found;
}
