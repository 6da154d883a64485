import { command } from "../command.ts";
import { age, counted } from "../table.ts";

export const alerts = command({
  description: "What is wrong, the worst first, as the last sweep found it",
  examples: ["alerts", "alerts --json"],
  args: {},
  async run({ client, answer, io, table }) {
    const found = await client.alerts();
    answer(found, () => {
      if (found.as_of === null) return "nothing is known before the first sweep\n";
      const asOf = `as of ${age(io.now() - Date.parse(found.as_of))} ago`;
      if (found.count === 0) return `nothing is wrong, ${asOf}\n`;
      const rows = found.alerts.map(({ severity, code, id, provider, since, detail }) => [
        severity,
        code,
        provider === undefined ? id : `${id} ${provider}`,
        age(io.now() - Date.parse(since)),
        detail,
      ]);
      const shown = table(["SEVERITY", "CODE", "OF", "SINCE", "DETAIL"], rows);
      return `${shown}${counted(found.found, "alert")}, ${asOf}\n`;
    });
  },
});
