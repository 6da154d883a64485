/** Serves on this machine, open to it alone, on the embedded store. Arguments go to `wrangler dev`. */
import { run } from "./run.ts";

const ARGS = ["dev", "--show-interactive-dev-session=false", "--log-level=info", "--var", "ACCESS:open"];

await run("node_modules/wrangler/bin/wrangler.js", [...ARGS, ...process.argv.slice(2)], {
  WRANGLER_HIDE_BANNER: "true",
  // Else it asks cloudflare.com where this machine is.
  CLOUDFLARE_CF_FETCH_ENABLED: "false",
});
