import { agentsTable, alsoLapsed, counted } from "../agents-table.ts";
import { command } from "../command.ts";
import { table } from "../table.ts";

export const find = command({
  description: "The agents that can do something now, least loaded first",
  examples: ["find translate", "find translate --min-health 0.9 --limit 3", "find translate --explain"],
  args: {
    capability: { type: "positional", required: true, description: "The capability that is needed" },
    type: { type: "string", description: "Agents of this type" },
    tag: { type: "string", description: "With this tag; repeat it for agents with all of several" },
    "min-health": { type: "string", description: "The lowest health score, 0 to 1 (0.7)" },
    "max-load": { type: "string", description: "The highest load, as a share of what an agent takes (0.8)" },
    limit: { type: "string", description: "At most this many (100)" },
    exact: { type: "boolean", description: "Look at every candidate, up to 5,000, instead of a sample" },
    explain: { type: "boolean", description: "Say why the others were left out" },
  },
  async run({ args, all, number, client, answer, paint }) {
    const found = await client.discover({
      capability: args.capability,
      type: args.type,
      tag: all("tag"),
      min_health_score: number("min-health"),
      max_load_ratio: number("max-load"),
      limit: number("limit"),
      exact: args.exact,
      explain: args.explain,
    });
    answer(found, () => {
      const { agents, total_matches: total, sampled, lapsed, excluded = [] } = found;
      const summary =
        agents.length === 0
          ? `no agent can do "${args.capability}" now; ${counted(total, "agent")} could${alsoLapsed(lapsed)}\n`
          : `${agentsTable(agents, paint)}${agents.length} of ${counted(total, "agent")}${sampled ? ", from a sample" : ""}${alsoLapsed(lapsed)}\n`;
      const leftOut = excluded.map(({ id, stage, detail }) => [id, stage, detail]);
      return (
        summary + (leftOut.length > 0 ? `\n${table(["LEFT OUT", "AT", "BECAUSE"], leftOut, paint)}` : "")
      );
    });
  },
});
