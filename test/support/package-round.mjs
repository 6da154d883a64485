/**
 * What somebody does first who has installed the package into this folder and started a registry: looks at its pages with all
 * that they load, joins, is found, puts an MCP server behind it, calls that. Prints what came of it as JSON.
 *
 *     node package-round.mjs <the registry's URL> <an MCP server's file>
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { createClient } from "rollcall";

const [url, server] = process.argv.slice(2);
const registry = createClient({ url });

const loaded = [];
for (const page of ["/", "/docs"]) {
  const html = await (await fetch(url + page)).text();
  for (const [, path] of html.matchAll(/<(?:link|script|img)[^>]+(?:href|src)="(\/[^"]+)"/g)) {
    const { status } = await fetch(url + path);
    if (status !== 200) throw new Error(`${page} loads ${path}: ${status}`);
    loaded.push(path);
  }
}

const agent = await registry.join({ id: "a", name: "a", type: "b", capabilities: ["x"] });
const { agents } = await registry.discover({ capability: "x" });
await agent.leave();

const main = fileURLToPath(new URL("../cli/main.js", import.meta.resolve("rollcall")));
const bridge = spawn(process.execPath, [main, "bridge", "mcp", "--", process.execPath, server, "fixture"], {
  env: { ...process.env, ROLLCALL_URL: url },
  stdio: ["ignore", "pipe", "inherit"],
});
const lines = createInterface(bridge.stdout);
await Promise.race([
  once(lines, "line"),
  once(bridge, "exit").then(() => Promise.reject(new Error("the bridge has ended"))),
]);
const { result } = await registry.callTool({
  toolset: "mcp",
  tool: "echo",
  payload: { text: "hi" },
  meta: { run_id: "r", session_id: "s" },
});
bridge.kill();
await once(bridge, "exit");

if (agents.length !== 1 || result.text !== "hi") throw new Error(JSON.stringify({ agents, result }));
console.log(JSON.stringify({ node: process.version, loaded, found: agents.map(({ id }) => id), result }));
