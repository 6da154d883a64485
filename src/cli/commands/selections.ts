import { command } from "../command.ts";
import { counted } from "../table.ts";
import { serviceNames } from "../values.ts";

export const selections = command({
  description: "The last choices of a provider for a service, newest first, and why others were passed over",
  examples: ["selections llm", "selections llm -n 5", "selections llm --json"],
  args: {
    service: { type: "positional", required: true, description: "The service", values: serviceNames },
    limit: { type: "string", alias: "n", description: "At most this many, up to 100 (20)" },
  },
  async run({ args, whole, client, answer, table }) {
    const found = await client.services.selections(args.service, { limit: whole("limit", 1) ?? 20 });
    answer(found, () => {
      if (found.count === 0) return "no selections\n";
      const rows = found.selections.map(({ at, handler, provider, circuit_state, capabilities, reasons }) => [
        at,
        handler ?? "everyone",
        capabilities.join(", "),
        provider ?? "nobody",
        circuit_state ?? "",
        reasons.map(({ id, detail }) => `${id}: ${detail}`).join("; "),
      ]);
      const headings = ["AT", "HANDLER", "CAPABILITIES", "PROVIDER", "CIRCUIT", "NOT CHOSEN"];
      return `${table(headings, rows)}${counted(rows.length, "selection")}\n`;
    });
  },
});
