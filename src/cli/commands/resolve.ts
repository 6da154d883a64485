import { RollcallError, type Reason } from "../../client/index.ts";
import { command } from "../command.ts";
import { type Table, visible } from "../table.ts";
import { capabilityNames, handlerNames, priorityName, serviceNames } from "../values.ts";

const reasonsTable = (reasons: readonly Reason[], table: Table): string =>
  reasons.length === 0
    ? ""
    : `\n${table(
        ["NOT CHOSEN", "AT", "BECAUSE"],
        reasons.map(({ id, stage, detail }) => [id, stage, detail]),
      )}`;

export const resolve = command({
  description: "Choose the provider of a service to use now",
  examples: [
    "resolve llm",
    "resolve llm --handler chat --capability vision --explain",
    "resolve llm --dry-run",
  ],
  args: {
    service: { type: "positional", required: true, description: "The service", values: serviceNames },
    handler: {
      type: "string",
      description: "Who asks; without it, only offers to everyone",
      values: handlerNames,
    },
    capability: {
      type: "string",
      description: "What the provider must be able to do; repeat it for several",
      values: capabilityNames,
    },
    explain: { type: "boolean", description: "Say why the others were not chosen" },
    "dry-run": { type: "boolean", description: "Choose without recording the choice" },
  },
  async run({ args, all, client, io, json, answer, paint, table }) {
    const { service, handler, explain } = args;
    try {
      const found = await client.services.resolve(service, {
        handler,
        capability: all("capability"),
        explain,
        dry_run: args["dry-run"],
      });
      answer(found, () => {
        const { provider, binding, circuit_state, considered, warnings = [], reasons = [] } = found;
        const at = provider.endpoint ?? (provider.host ? `${provider.host}:${provider.port ?? ""}` : "");
        const { priority, priority_group, strategy, handler: to } = binding;
        const facts = [
          `${priorityName(priority)} in group ${priority_group}, ${strategy}, for ${to === "*" ? "everyone" : to}`,
          `circuit ${circuit_state}; ${considered} considered; selection ${found.selection_id ?? "none"}`,
          ...(found.degraded ? ["chosen without the pool's records, which cannot be reached"] : []),
          ...warnings,
        ];
        const lines = [
          `${paint("bold", visible(provider.id))} ${at}`.trimEnd(),
          ...facts.map((fact) => `  ${visible(fact)}`),
        ];
        return `${lines.join("\n")}\n${reasonsTable(reasons, table)}`;
      });
    } catch (error) {
      if (error instanceof RollcallError && explain && !json)
        io.out.write(reasonsTable(error.reasons, table).trimStart());
      throw error;
    }
  },
});
