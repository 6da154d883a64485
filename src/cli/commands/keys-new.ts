import { createHash, randomBytes } from "node:crypto";
import { command } from "../command.ts";
import { readScopes, scopeOption } from "../scopes.ts";

export const keysNew = command({
  description: "Make an API key, and its entry for API_KEYS",
  examples: ["keys new ci --scope read", "keys new fleet --scope read --scope write --namespace eu"],
  args: {
    name: {
      type: "positional",
      required: true,
      description: "The key's name; it owns what the key registers",
    },
    scope: scopeOption,
  },
  async run({ args, all, io, json, answer }) {
    const scopes = readScopes(all("scope"));
    const namespace = args.namespace ?? "default";
    const key = `rc_${randomBytes(32).toString("base64url")}`;
    const sha256 = createHash("sha256").update(key).digest("hex");
    const entry = { name: args.name, sha256, scopes, namespace };
    answer({ key, entry }, () => `${key}\n`);
    if (json) return;
    // Only the key goes to standard output, so that it can be piped to a secret store.
    io.err.write(
      [
        "This key is shown once; the registry has only its digest. Add this entry to the list in the secret API_KEYS",
        "(`npx wrangler secret put API_KEYS` takes the whole list, and `[entry]` is a list of one):",
        "",
        JSON.stringify(entry),
        "",
      ].join("\n"),
    );
  },
});
