import { command } from "../command.ts";

export const whoami = command({
  description: "What the registry takes this key for",
  examples: ["whoami", "whoami --json"],
  args: {},
  async run({ client, answer }) {
    const who = await client.whoami();
    answer(who, () => {
      const { name, scopes, namespace, source, id, expires_at } = who;
      const lines = [
        ["name", name ?? "nobody in particular: the access is open"],
        ["scopes", scopes.join(" ")],
        ["namespace", namespace],
        ...(source === null ? [] : [["key", source === "config" ? "of API_KEYS" : id!]]),
        ...(source === "store" ? [["expires", expires_at ?? "never"]] : []),
      ];
      return lines.map(([what, text]) => `${what!.padEnd(9)}  ${text}\n`).join("");
    });
  },
});
