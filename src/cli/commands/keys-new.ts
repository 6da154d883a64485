import { createHash, randomBytes } from "node:crypto";
import { command, UsageError } from "../command.ts";

const SCOPES = ["read", "write", "admin"];

export const keysNew = command({
  description: "Make an API key, and the entry of API_KEYS that admits it",
  examples: ["keys new ci --scope read", "keys new fleet --scope read --scope write --namespace eu"],
  args: {
    name: {
      type: "positional",
      required: true,
      description: "Whose it is; what the key registers belongs to this name",
    },
    scope: { type: "string", description: "read, write or admin; repeat it for several", required: true },
  },
  async run({ args, all, io, answer }) {
    const scopes = [...new Set(all("scope"))];
    const wrong = scopes.find((scope) => !SCOPES.includes(scope));
    if (wrong !== undefined) throw new UsageError(`"${wrong}" is no scope: they are ${SCOPES.join(", ")}`);
    const namespace = (args["namespace"] as string | undefined) ?? "default";
    const key = `rc_${randomBytes(32).toString("base64url")}`;
    const sha256 = createHash("sha256").update(key).digest("hex");
    const entry = { name: args.name, sha256, scopes, namespace };
    answer({ key, entry }, () => `${key}\n`);
    // The key alone goes to standard output, so that it can be piped to where it is kept.
    io.err.write(
      [
        "It is shown once; the registry keeps only its digest. Add this entry to the list in the secret API_KEYS",
        "(`npx wrangler secret put API_KEYS` takes the whole list, and `[entry]` is a list of one):",
        "",
        JSON.stringify(entry),
        "",
      ].join("\n"),
    );
  },
});
