import { command } from "../command.ts";
import { counted } from "../table.ts";

export const keysList = command({
  description: "The API keys of the namespace, and when each was last used",
  examples: ["keys list", "keys list --json"],
  args: {},
  async run({ client, answer, table }) {
    const found = await client.keys.list();
    answer(found, () => {
      const rows = found.keys.map(({ id, name, scopes, source, created_by, expires_at, last_used_at }) => [
        id ?? "-",
        name,
        scopes.join(" "),
        source === "config" ? "API_KEYS" : (created_by ?? "-"),
        expires_at ?? "never",
        source === "config" ? "-" : (last_used_at ?? "never"),
      ]);
      const headings = ["ID", "NAME", "SCOPES", "MADE BY", "EXPIRES", "LAST USED"];
      return `${table(headings, rows)}${counted(found.count, "key")}\n`;
    });
  },
});
