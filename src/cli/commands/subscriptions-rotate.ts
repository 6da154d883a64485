import { command } from "../command.ts";
import { subscriptionIds } from "../values.ts";

export const subscriptionsRotate = command({
  description: "Make another secret for a subscription; for a day both sign",
  examples: ["subscriptions rotate 0123456789abcdef", "subscriptions rotate 0123456789abcdef --overlap 0"],
  args: {
    id: { type: "positional", required: true, description: "The subscription", values: subscriptionIds },
    overlap: { type: "string", description: "For how many seconds the one before signs too (86400)" },
  },
  async run({ args, whole, client, io, json, answer }) {
    const overlapSeconds = whole("overlap", 0);
    const made = await client.subscriptions.rotate(args.id, {
      ...(overlapSeconds !== undefined && { overlapSeconds }),
    });
    answer(made, () => `${made.secret}\n`);
    if (!json) io.err.write(`This secret is shown once. It signs what subscription ${made.id} is sent.\n`);
  },
});
