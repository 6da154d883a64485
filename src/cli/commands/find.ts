import { agentsTable, counted } from "../agents-table.ts";
import { command } from "../command.ts";
import { table } from "../table.ts";

export const find = command({
  description: "Who can do this, now? Least loaded first",
  examples: ["find translate", "find translate --min-health 0.9 --limit 3", "find translate --explain"],
  args: {
    capability: { type: "positional", required: true, description: "What is to be done" },
    type: { type: "string", description: "Agents of this type" },
    tag: { type: "string", description: "With this tag; repeat it for agents with all of them" },
    "min-health": { type: "string", description: "Health score from this on (0.7)" },
    "max-load": { type: "string", description: "Load up to this share of what they take (0.8)" },
    limit: { type: "string", description: "This many at most (100)" },
    exact: { type: "boolean", description: "Look at every candidate, however many" },
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
      const { agents, total_matches: total, sampled, excluded = [] } = found;
      const summary =
        agents.length === 0
          ? `nobody can do "${args.capability}" now; ${counted(total, "agent")} could\n`
          : `${agentsTable(agents, paint)}${agents.length} of ${counted(total, "agent")}${sampled ? ", from a sample" : ""}\n`;
      const left = excluded.map(({ id, stage, detail }) => [id, stage, detail]);
      return summary + (left.length > 0 ? `\n${table(["LEFT OUT", "AT", "BECAUSE"], left, paint)}` : "");
    });
  },
});
