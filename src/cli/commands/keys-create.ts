import { command } from "../command.ts";
import { readSpan } from "../since.ts";
import { readScopes, scopeOption } from "../scopes.ts";
import { tellSecret } from "../secret.ts";

export const keysCreate = command({
  description: "Make an API key of the namespace, which works at once",
  examples: ["keys create ci --scope read", "keys create fleet --scope read --scope write --expires 90d"],
  args: {
    name: {
      type: "positional",
      required: true,
      description: "The key's name; it owns what the key registers",
    },
    scope: scopeOption,
    expires: { type: "string", description: "After so long, such as 12h or 90d; else it is to be revoked" },
  },
  async run({ args, all, client, io, json, answer }) {
    const scopes = readScopes(all("scope"));
    const expires_at =
      args.expires === undefined ? null : new Date(Date.now() + readSpan(args.expires)).toISOString();
    const made = await client.keys.create({ name: args.name, scopes, expires_at });
    answer(made, () => `${made.secret}\n`);
    if (!json) tellSecret(io, made);
  },
});
