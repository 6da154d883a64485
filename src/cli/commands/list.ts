import type { AgentFilter, AgentRecord } from "../../client/index.ts";
import { agentsTable, alsoLapsed } from "../agents-table.ts";
import { command, type Session } from "../command.ts";
import { counted } from "../table.ts";
import { UsageError } from "../usage-error.ts";
import { agentTypes, capabilityNames, STATUSES } from "../values.ts";
import { watch } from "../watch.ts";

type Order = (a: AgentRecord, b: AgentRecord) => number;
const byText =
  (field: "id" | "type" | "effective_status"): Order =>
  (a, b) =>
    a[field] < b[field] ? -1 : Number(a[field] > b[field]);
const byNumber =
  (field: "health_score" | "load_ratio" | "current_load" | "age_ms"): Order =>
  (a, b) =>
    a[field] - b[field];
const ORDERS: Record<string, Order> = {
  id: byText("id"),
  type: byText("type"),
  effective_status: byText("effective_status"),
  health_score: byNumber("health_score"),
  load_ratio: byNumber("load_ratio"),
  current_load: byNumber("current_load"),
  age_ms: byNumber("age_ms"),
};
const FIELDS = Object.keys(ORDERS);
const PAGE_MAX = 200;
const PAUSE_MS = 2000;

const ARGS = {
  type: { type: "string", description: "Of this type", values: agentTypes },
  capability: {
    type: "string",
    description: "With this capability; repeat it for agents with all of several",
    values: capabilityNames,
  },
  tag: { type: "string", description: "With this tag; repeat it for agents with all of several" },
  status: {
    type: "string",
    description: "In this effective status; repeat it for any of several",
    values: STATUSES,
  },
  limit: { type: "string", alias: "n", description: "At most this many (all; with --watch what fits)" },
  sort: { type: "string", description: `By ${FIELDS.join(", ")} (id)`, values: FIELDS },
  order: { type: "string", description: "asc or desc (asc)", values: ["asc", "desc"] },
  watch: { type: "boolean", alias: "w", description: "Show it anew every 2 s, until Ctrl-C" },
} as const;

export const list = command({
  description: "All live agents, by id",
  examples: [
    "list",
    "list --type worker --status unreachable",
    "list --sort load_ratio --order desc -n 10 --watch",
    "list --capability translate --capability german --json",
  ],
  args: ARGS,
  async run(session) {
    const { args, all, whole, io, json, table, answer } = session;
    // The registry checks them.
    const status = all("status") as NonNullable<AgentFilter["status"]>;
    const filter: AgentFilter = { type: args.type, capability: all("capability"), tag: all("tag"), status };
    const read = (limit: number | undefined) => listed(session, filter, limit);
    const shown = ({ agents, lapsed }: Listed) =>
      agents.length === 0
        ? `no agents${alsoLapsed(lapsed)}\n`
        : `${agentsTable(agents, table)}${counted(agents.length, "agent")}${alsoLapsed(lapsed)}\n`;
    const limit = whole("limit", 1);
    if (!args.watch) {
      const found = await read(limit);
      answer(found, () => shown(found));
      return;
    }
    // Two lines are the heading and the sum, one says how old it is, and one stays empty below.
    const fitting = limit ?? (io.out.rows === undefined ? PAGE_MAX : Math.max(1, io.out.rows - 4));
    await watch(io, PAUSE_MS, json, async () => {
      const found = await read(fitting);
      return { value: found, text: shown(found) };
    });
  },
});

interface Listed {
  agents: AgentRecord[];
  count: number;
  /** Of the agents that were looked through. */
  lapsed: number;
}

/** Keeps no more than `limit` at a time, however many there are. */
async function listed(
  { args, client, io }: Session<typeof ARGS>,
  filter: AgentFilter,
  limit = Infinity,
): Promise<Listed> {
  const { sort = "id", order = "asc" } = args;
  const by = Object.hasOwn(ORDERS, sort) ? ORDERS[sort] : undefined;
  if (!by) throw new UsageError(`--sort is one of ${FIELDS.join(", ")}`);
  if (order !== "asc" && order !== "desc") throw new UsageError("--order is asc or desc");
  // The registry lists them by id: only then the first are all that is needed.
  const isAsListed = sort === "id" && order === "asc";
  const wanted: Order = order === "asc" ? by : (a, b) => by(b, a);
  let agents: AgentRecord[] = [];
  let lapsed = 0;
  for (let cursor: string | null | undefined; cursor !== null;) {
    const rest = isAsListed ? limit - agents.length : PAGE_MAX;
    const query = { ...filter, limit: Math.min(PAGE_MAX, rest), ...(cursor !== undefined && { cursor }) };
    const page = await client.agents.list(query, { signal: io.ending });
    agents.push(...page.agents);
    lapsed += page.lapsed;
    cursor = isAsListed && agents.length >= limit ? null : page.next_cursor;
    if (!isAsListed && agents.length > limit) agents = agents.toSorted(wanted).slice(0, limit);
  }
  if (!isAsListed) agents = agents.toSorted(wanted);
  return { agents, count: agents.length, lapsed };
}
