import { command } from "../command.ts";
import { tellSecret } from "../secret.ts";
import { keyIds } from "../values.ts";

export const keysRotate = command({
  description: "Make another secret for an API key; both work for a day",
  examples: ["keys rotate 0123456789abcdef", "keys rotate 0123456789abcdef --overlap 0"],
  args: {
    id: { type: "positional", required: true, description: "The key", values: keyIds },
    overlap: {
      type: "string",
      description: "For how many seconds the one before works (86400; 0: it ends at once)",
    },
  },
  async run({ args, whole, client, io, json, answer }) {
    const overlapSeconds = whole("overlap", 0);
    const made = await client.keys.rotate(args.id, {
      ...(overlapSeconds !== undefined && { overlapSeconds }),
    });
    answer(made, () => `${made.secret}\n`);
    if (!json) tellSecret(io, made);
  },
});
