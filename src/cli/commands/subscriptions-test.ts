import { command } from "../command.ts";
import { subscriptionIds } from "../values.ts";

export const subscriptionsTest = command({
  description: "Send a test message now; exits with 1 when it is not delivered",
  examples: ["subscriptions test 0123456789abcdef"],
  args: {
    id: { type: "positional", required: true, description: "The subscription", values: subscriptionIds },
  },
  async run({ args, client, answer }) {
    const came = await client.subscriptions.test(args.id);
    answer(came, () => (came.delivered ? "delivered\n" : `not delivered: ${came.failure}\n`));
    return came.delivered ? 0 : 1;
  },
});
