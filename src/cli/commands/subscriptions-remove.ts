import { command } from "../command.ts";
import { subscriptionIds } from "../values.ts";

export const subscriptionsRemove = command({
  description: "End a subscription; what waits for it is forgotten",
  examples: ["subscriptions remove 0123456789abcdef"],
  args: {
    id: { type: "positional", required: true, description: "The subscription", values: subscriptionIds },
  },
  async run({ args, client, answer }) {
    await client.subscriptions.remove(args.id);
    answer({ id: args.id, removed: true }, () => `${args.id} is removed\n`);
  },
});
