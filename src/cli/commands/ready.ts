import { command } from "../command.ts";
import { counted } from "../table.ts";
import { serviceNames } from "../values.ts";

export const ready = command({
  description: "Whether the store answers and takes writes; or wait until services have a provider",
  examples: ["ready", "ready --service llm --service search --timeout 60"],
  args: {
    service: {
      type: "string",
      description: "Wait until it has a provider that can be selected; repeat it for several",
      values: serviceNames,
    },
    timeout: { type: "string", description: "With --service: how long to wait, 0 to 60 s (30)" },
  },
  async run({ all, number, client, io, answer }) {
    const services = all("service");
    const signal = io.ending;
    if (services.length === 0) {
      const found = await client.ready({ signal });
      answer(found, () => `${found.status}: ${found.backend}\n`);
      return;
    }
    const timeoutSeconds = number("timeout");
    const found = await client.services.ready(services, {
      signal,
      ...(timeoutSeconds !== undefined && { timeoutSeconds }),
    });
    answer(found, () =>
      found.services
        .map(({ service, providers }) => `${service} is ready: ${counted(providers, "provider")}\n`)
        .join(""),
    );
  },
});
