import type { SubscriptionRequest } from "../../client/index.ts";
import { command } from "../command.ts";
import { EVENT_TYPES } from "../values.ts";

export const subscriptionsAdd = command({
  description: "Have what happens from now on sent to a URL (docs/webhooks.md)",
  examples: [
    "subscriptions add https://example.org/hooks",
    "subscriptions add https://example.org/hooks --type lapsed --type reaped --prefix agent/",
  ],
  args: {
    target: { type: "positional", required: true, description: "Where to: https, of a public name" },
    type: { type: "string", description: "Of this type; repeat it for several", values: EVENT_TYPES },
    kind: { type: "string", description: "Of what is of this kind, such as agent or service" },
    id: { type: "string", description: "Of what has this id; repeat it for several" },
    prefix: { type: "string", description: "Of what has an id that begins so" },
  },
  async run({ args, all, client, io, json, answer }) {
    const ids = all("id");
    const { target: url, kind, prefix } = args;
    // The registry checks the words, and names the one that is wrong.
    const filter = { kind, prefix, ...(ids.length > 0 && { ids }) } as SubscriptionRequest["filter"];
    const types = all("type") as SubscriptionRequest["types"];
    const made = await client.subscriptions.create({ url, types, filter });
    answer(made, () => `${made.secret}\n`);
    if (!json) io.err.write(`This secret is shown once. It signs what subscription ${made.id} is sent.\n`);
  },
});
