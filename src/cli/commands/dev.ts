import { spawn } from "node:child_process";
import { UsageError } from "../usage-error.ts";
import { command } from "../command.ts";
import { manifest, workerConfig } from "../package.ts";

const QUIET = {
  WRANGLER_SEND_METRICS: "false",
  WRANGLER_HIDE_BANNER: "true",
  CLOUDFLARE_CF_FETCH_ENABLED: "false",
  // Hides warnings that its packages need a newer Node than npx runs on: that Node is fetched too, and runs them.
  npm_config_loglevel: "error",
};
/** What npx fetches; wrangler needs a newer Node than this command line does. */
const TOOLS = ["node", "wrangler"];

export const dev = command({
  description: "Start a registry on this machine, open to this machine only",
  examples: ["dev", "dev --port 9000", "dev --persist-to /tmp/rollcall"],
  args: {
    port: { type: "string", description: "Where to listen (8787)" },
    "persist-to": { type: "string", description: "Where to keep entries (.rollcall)" },
  },
  async run({ args, number, io }) {
    const port = number("port") ?? 8787;
    if (!Number.isInteger(port) || port < 1 || port > 65_535) throw new UsageError("--port is 1 to 65535");
    const { devTools, devDependencies = {} } = manifest();
    const versions = devTools ?? devDependencies;
    const packages = TOOLS.flatMap((name) => ["--package", `${name}@${versions[name]}`]);
    const config = workerConfig();
    const wrangler = ["wrangler", "dev", "--config", config, "--port", String(port), "--var", "ACCESS:open"];
    const quietly = ["--show-interactive-dev-session=false", "--log-level=info"];
    const state = ["--persist-to", args["persist-to"] ?? ".rollcall"];
    io.err.write("rollcall: starting; the first time, npx fetches wrangler\n");
    const child = spawn("npx", ["--yes", ...packages, "--", ...wrangler, ...quietly, ...state], {
      stdio: "inherit",
      env: { ...process.env, ...QUIET },
      // A process group of its own, which the signal below goes to: npx does not pass signals on.
      detached: true,
    });
    io.ending.addEventListener("abort", () => process.kill(-child.pid!, "SIGTERM"));
    const code = await new Promise<number | null>((resolve, reject) => {
      child.once("exit", resolve);
      child.once("error", reject);
    });
    return io.ending.aborted ? 0 : (code ?? 1);
  },
});
