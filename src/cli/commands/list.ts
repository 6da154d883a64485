import type { AgentFilter, AgentPage, AgentRecord } from "../../client/index.ts";
import { agentsTable, alsoLapsed, counted } from "../agents-table.ts";
import { command } from "../command.ts";

export const list = command({
  description: "All live agents, by id",
  examples: [
    "list",
    "list --type worker --status unreachable",
    "list --capability translate --capability german --json",
  ],
  args: {
    type: { type: "string", description: "Of this type" },
    capability: {
      type: "string",
      description: "With this capability; repeat it for agents with all of several",
    },
    tag: { type: "string", description: "With this tag; repeat it for agents with all of several" },
    status: { type: "string", description: "In this effective status; repeat it for any of several" },
  },
  async run({ args, all, client, io, answer, paint }) {
    // The registry checks them.
    const status = all("status") as NonNullable<AgentFilter["status"]>;
    const filter: AgentFilter = { type: args.type, capability: all("capability"), tag: all("tag"), status };
    const agents: AgentRecord[] = [];
    let lapsed = 0;
    for (let cursor: string | null = ""; cursor !== null;) {
      const query = { ...filter, limit: 200, ...(cursor !== "" && { cursor }) };
      const page: AgentPage = await client.agents.list(query, { signal: io.ending });
      agents.push(...page.agents);
      lapsed += page.lapsed;
      cursor = page.next_cursor;
    }
    answer({ agents, count: agents.length, lapsed }, () =>
      agents.length === 0
        ? `no agents${alsoLapsed(lapsed)}\n`
        : `${agentsTable(agents, paint)}${counted(agents.length, "agent")}${alsoLapsed(lapsed)}\n`,
    );
  },
});
