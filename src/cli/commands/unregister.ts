import { command } from "../command.ts";
import { visible } from "../table.ts";
import { agentIds } from "../values.ts";

export const unregister = command({
  description: "Remove an agent at once; its process is told to stop at its next heartbeat",
  examples: ["unregister agent/scout", "unregister agent/scout --lease-token 30.10.1795283730624.nFzd"],
  args: {
    id: { type: "positional", required: true, description: "The agent", values: agentIds },
    "lease-token": { type: "string", description: "Its own; not needed with an admin's key" },
  },
  async run({ args, client, answer }) {
    await client.agents.unregister(args.id, { leaseToken: args["lease-token"] });
    answer({ agent_id: args.id }, () => `${visible(args.id)} is unregistered\n`);
  },
});
