/** The first round on a registry in this process, with the package as it is installed. Where it cannot run, it says why. */
import { createClient } from "rollcall";
import { localRegistry } from "rollcall/local";

try {
  const registry = createClient(localRegistry());
  const agent = await registry.join({ name: "a", type: "b", capabilities: ["x"] });
  const { agents } = await registry.discover({ capability: "x" });
  await agent.leave();
  const upper = { payload_schema: {}, result_schema: {}, handle: ({ text }) => text.toUpperCase() };
  const served = await registry.serveToolset({ name: "text", tools: { upper } });
  const meta = { run_id: "r", session_id: "s" };
  const { result } = await registry.callTool({
    toolset: "text",
    tool: "upper",
    payload: { text: "hi" },
    meta,
  });
  await served.leave();
  console.log(
    `${process.version}: found ${agents.map(({ name }) => name).join()} and got ${result}, in this process`,
  );
} catch (error) {
  console.log(error.message);
}
// Nothing is closed: a registry holds no process open.
