import { command } from "../command.ts";
import { facts, few } from "../table.ts";

export const sweep = command({
  description:
    "Sweep now, as the registry does every minute: find silent agents, remove those that are long gone",
  examples: ["sweep"],
  args: {},
  async run({ client, answer }) {
    const found = await client.sweep();
    answer(found, () => {
      const named = (ids: readonly string[]) => `${ids.length}${ids.length > 0 ? `  ${few(ids, 8)}` : ""}`;
      return facts([
        ["scanned", `${found.scanned} in ${found.duration_ms} ms${found.complete ? "" : ", more next time"}`],
        ["unreachable", named(found.unreachable)],
        ["recovered", named(found.recovered)],
        ["lapsed", named(found.lapsed)],
        ["reaped", named(found.reaped)],
        ["healed", String(found.healed)],
        ["checked", String(found.checked)],
      ]);
    });
  },
});
