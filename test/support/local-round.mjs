/** The first round on a registry in this process, with the package as it is installed. Where it cannot run, it says why. */
import { createClient } from "rollcall";
import { localRegistry } from "rollcall/local";

try {
  const registry = createClient(localRegistry());
  const agent = await registry.join({ name: "a", type: "b", capabilities: ["x"] });
  const { agents } = await registry.discover({ capability: "x" });
  await agent.leave();
  console.log(`${process.version}: found ${agents.map(({ name }) => name).join()}, in this process`);
} catch (error) {
  console.log(error.message);
}
// Nothing is closed: a registry holds no process open.
