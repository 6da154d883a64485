import { command } from "../command.ts";
import { age, facts } from "../table.ts";

export const stats = command({
  description: "How many agents, of which types, in which states",
  examples: ["stats", "stats --json"],
  args: {},
  async run({ client, answer, table }) {
    const found = await client.stats();
    answer(found, () => {
      const { last_sweep: sweep } = found;
      const lines = facts([
        ["agents", String(found.total_components)],
        ["lapsed", found.lapsed > 0 ? String(found.lapsed) : undefined],
        ["capabilities", String(found.total_capabilities)],
        ["store", found.backend],
        ["as of", found.as_of],
        [
          "last sweep",
          sweep
            ? `${age(Date.parse(found.as_of) - Date.parse(sweep.at))} before, ${sweep.reaped} reaped`
            : "none yet",
        ],
      ]);
      const counts = (heading: string, by: Record<string, number>) =>
        Object.keys(by).length === 0
          ? ""
          : `\n${table(
              [heading, "AGENTS"],
              Object.entries(by).map(([name, count]) => [name, String(count)]),
            )}`;
      return lines + counts("STATUS", found.by_status) + counts("TYPE", found.by_type);
    });
  },
});
