import { agentsTable, alsoLapsed } from "../agents-table.ts";
import { command } from "../command.ts";
import { EXIT } from "../exit.ts";
import { counted } from "../table.ts";
import { agentTypes, capabilityNames } from "../values.ts";

export const find = command({
  description: "The agents that can do something now, least loaded first",
  examples: ["find translate", "find translate --min-health-score 0.9 --limit 3", "find translate --explain"],
  args: {
    capability: {
      type: "positional",
      required: true,
      description: "The capability that is needed",
      values: capabilityNames,
    },
    type: { type: "string", description: "Agents of this type", values: agentTypes },
    tag: { type: "string", description: "With this tag; repeat it for agents with all of several" },
    "min-health-score": {
      type: "string",
      alias: "min-health",
      description: "The lowest health score, 0 to 1 (0.7)",
    },
    "max-load-ratio": {
      type: "string",
      alias: "max-load",
      description: "The highest load, as a share of what an agent takes (0.8)",
    },
    limit: { type: "string", alias: "n", description: "At most this many (100)" },
    exact: { type: "boolean", description: "Look at every candidate, up to 5,000, instead of a sample" },
    explain: { type: "boolean", description: "Say why the others were left out" },
  },
  async run({ args, all, number, client, answer, table }) {
    const found = await client.discover({
      capability: args.capability,
      type: args.type,
      tag: all("tag"),
      min_health_score: number("min-health-score"),
      max_load_ratio: number("max-load-ratio"),
      limit: number("limit"),
      exact: args.exact,
      explain: args.explain,
    });
    answer(found, () => {
      const { agents, total_matches: total, sampled, lapsed, excluded = [] } = found;
      const summary =
        agents.length === 0
          ? `no agent can do "${args.capability}" now; ${counted(total, "agent")} could${alsoLapsed(lapsed)}\n`
          : `${agentsTable(agents, table)}${agents.length} of ${counted(total, "agent")}${sampled ? ", from a sample" : ""}${alsoLapsed(lapsed)}\n`;
      const leftOut = excluded.map(({ id, stage, detail }) => [id, stage, detail]);
      return summary + (leftOut.length > 0 ? `\n${table(["LEFT OUT", "AT", "BECAUSE"], leftOut)}` : "");
    });
    return found.agents.length === 0 ? EXIT.nobody : EXIT.done;
  },
});
