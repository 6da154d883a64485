import { command } from "../command.ts";
import { visible } from "../table.ts";
import { agentIds, handlerNames, PRIORITIES, serviceNames } from "../values.ts";

export const priority = command({
  description: "Give a provider another priority, for as long as its registration lasts",
  examples: [
    "priority agent/scout LOW",
    "priority agent/scout HIGH --service llm --priority-group 1 --strategy round_robin",
  ],
  args: {
    provider: { type: "positional", required: true, description: "The provider's id", values: agentIds },
    priority: {
      type: "positional",
      required: true,
      description: `${PRIORITIES.join(", ")}, or its number`,
      values: PRIORITIES,
    },
    "priority-group": { type: "string", alias: "group", description: "Lower groups come first, 0 to 1,000" },
    strategy: {
      type: "string",
      description: "fallback or round_robin",
      values: ["fallback", "round_robin"],
    },
    service: {
      type: "string",
      description: "Its offer of this service, if it has several",
      values: serviceNames,
    },
    handler: {
      type: "string",
      description: "Its offer to this handler, if it has several",
      values: handlerNames,
    },
  },
  async run({ args, whole, client, answer }) {
    const group = whole("priority-group", 0);
    const { strategy, service, handler } = args;
    const body = {
      priority: args.priority,
      ...(group !== undefined && { priority_group: group }),
      ...(strategy !== undefined && { strategy }),
    };
    const filter = { handler, service_type: service };
    const done = await client.services.setPriority(args.provider, body, { filter });
    answer(done, () => {
      const { changes: to } = done;
      const was = `${to.old_priority} in group ${to.old_priority_group}, ${to.old_strategy}`;
      const is = `${to.new_priority} in group ${to.new_priority_group}, ${to.new_strategy}`;
      return `${visible(`${done.provider_name} for ${to.service_type}: ${is} (was ${was})`)}\n`;
    });
  },
});
