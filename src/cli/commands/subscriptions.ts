import { command } from "../command.ts";
import { age, counted } from "../table.ts";

export const subscriptions = command({
  description: "Who is sent what happened (webhooks), and how it goes",
  examples: ["subscriptions", "subscriptions --json"],
  args: {},
  async run({ client, answer, table }) {
    const found = await client.subscriptions.list();
    answer(found, () => {
      const now = Date.now();
      const rows = found.subscriptions.map((subscription) => {
        const { id, url, types, state, queued, last_delivered_at, last_failure, ended_because } =
          subscription;
        return [
          id,
          state,
          String(queued),
          last_delivered_at === null ? "never" : `${age(now - Date.parse(last_delivered_at))} ago`,
          types.length === 0 ? "all" : types.join(" "),
          url,
          ended_because ?? last_failure ?? "",
        ];
      });
      const headings = ["ID", "STATE", "QUEUED", "DELIVERED", "TYPES", "URL", "WHY"];
      return `${table(headings, rows)}${counted(found.count, "subscription")}\n`;
    });
  },
});
