import { command } from "../command.ts";
import { capabilityNames } from "../values.ts";

export const capabilities = command({
  description: "What live agents can do, by name, and how many agents can",
  examples: ["capabilities", "capabilities web_ -n 1000"],
  args: {
    prefix: {
      type: "positional",
      required: false,
      description: "Only names that begin with it",
      values: capabilityNames,
    },
    limit: { type: "string", alias: "n", description: "At most this many, up to 1,000 (100)" },
  },
  async run({ args: { prefix }, whole, client, answer, table }) {
    const limit = whole("limit", 1) ?? 100;
    const found = await client.capabilities({ limit, ...(prefix !== undefined && { prefix }) });
    answer(found, () => {
      if (found.count === 0) return "no capabilities\n";
      const rows = found.capabilities.map(({ name, agents }) => [name, String(agents)]);
      const more = found.next_cursor === null ? "" : "; there are more";
      return `${table(["NAME", "AGENTS"], rows)}${found.count} ${found.count === 1 ? "capability" : "capabilities"}${more}\n`;
    });
  },
});
