import { command } from "../command.ts";
import { few } from "../table.ts";

export const sweep = command({
  description:
    "Sweep now, as the registry does every minute: find silent agents, remove those that are long gone",
  examples: ["sweep"],
  args: {},
  async run({ client, answer }) {
    const found = await client.sweep();
    answer(found, () => {
      const named = (what: string, ids: readonly string[]) =>
        `${what.padEnd(12)}  ${ids.length}${ids.length > 0 ? `  ${few(ids, 8)}` : ""}\n`;
      return [
        `${"scanned".padEnd(12)}  ${found.scanned} in ${found.duration_ms} ms${found.complete ? "" : ", more next time"}\n`,
        named("unreachable", found.unreachable),
        named("recovered", found.recovered),
        named("lapsed", found.lapsed),
        named("reaped", found.reaped),
        `${"healed".padEnd(12)}  ${found.healed}\n`,
        `${"checked".padEnd(12)}  ${found.checked}\n`,
      ].join("");
    });
  },
});
