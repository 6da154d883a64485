import { createHash, randomBytes } from "node:crypto";
import { UsageError } from "../usage-error.ts";
import { command } from "../command.ts";

const SCOPES = ["read", "write", "admin"];

export const keysNew = command({
  description: "Make an API key, and its entry for API_KEYS",
  examples: ["keys new ci --scope read", "keys new fleet --scope read --scope write --namespace eu"],
  args: {
    name: {
      type: "positional",
      required: true,
      description: "The key's name; it owns what the key registers",
    },
    scope: {
      type: "string",
      description: "read, write or admin; repeat it for several",
      required: true,
      values: SCOPES,
    },
  },
  async run({ args, all, io, json, answer }) {
    const scopes = [...new Set(all("scope"))];
    const wrong = scopes.find((scope) => !SCOPES.includes(scope));
    if (wrong !== undefined) throw new UsageError(`"${wrong}" is no scope: they are ${SCOPES.join(", ")}`);
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
