import { command } from "../command.ts";
import { counted } from "../table.ts";
import { serviceNames } from "../values.ts";

export const breakersReset = command({
  description: "Close the circuit breakers of all providers, or of one service's",
  examples: ["breakers reset", "breakers reset llm"],
  args: {
    service: { type: "positional", required: false, description: "Only this service", values: serviceNames },
  },
  async run({ args: { service }, client, answer }) {
    const done = await client.services.resetBreakers(service === undefined ? {} : { service_type: service });
    answer(done, () => `${counted(done.reset_count, "breaker")} closed\n`);
  },
});
