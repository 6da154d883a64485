import { command } from "../command.ts";
import { agentIds } from "../values.ts";

export const drain = command({
  description: "Take an agent out of selection at once, and ask it to finish its work",
  examples: ["drain agent/scout", "drain agent/scout --cancel"],
  args: {
    id: { type: "positional", required: true, description: "The agent", values: agentIds },
    cancel: { type: "boolean", description: "Take the request back: the agent may work again" },
  },
  async run({ args, client, answer }) {
    const done = await (args.cancel ? client.agents.cancelDrain(args.id) : client.agents.drain(args.id));
    answer(done, () => `${done.agent_id} is to ${done.desired_state}\n`);
  },
});
