import { command } from "../command.ts";
import { keyIds } from "../values.ts";

export const keysRevoke = command({
  description: "Revoke an API key: it ends everywhere within 30 seconds",
  examples: ["keys revoke 0123456789abcdef"],
  args: { id: { type: "positional", required: true, description: "The key", values: keyIds } },
  async run({ args, client, answer }) {
    await client.keys.revoke(args.id);
    answer({ id: args.id, revoked: true }, () => `${args.id} is revoked\n`);
  },
});
