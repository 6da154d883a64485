import { command } from "../command.ts";
import { counted } from "../table.ts";
import { handlerNames, serviceNames } from "../values.ts";

export const services = command({
  description: "Services, their providers in the order of selection, their breakers and their health",
  examples: ["services", "services --service llm --handler chat"],
  args: {
    service: { type: "string", description: "Only this service", values: serviceNames },
    handler: { type: "string", description: "Offers to this handler, and to everyone", values: handlerNames },
  },
  async run({ args, client, answer, table }) {
    const found = await client.services.list({ handler: args.handler, service_type: args.service });
    answer(found, () => {
      const rowsOf = (handler: string, byService: typeof found.global_services) =>
        Object.entries(byService).flatMap(([service, providers]) =>
          providers.map((provider) => [
            service,
            handler,
            provider.name,
            provider.priority,
            String(provider.priority_group),
            provider.strategy,
            provider.circuit_breaker_state,
            provider.healthy ? "healthy" : (provider.detail ?? "unhealthy"),
          ]),
        );
      const rows = [
        ...rowsOf("everyone", found.global_services),
        ...Object.entries(found.handlers).flatMap(([handler, byService]) => rowsOf(handler, byService)),
      ];
      if (rows.length === 0) return "no services\n";
      const headings = ["SERVICE", "FOR", "PROVIDER", "PRIORITY", "GROUP", "STRATEGY", "CIRCUIT", "HEALTH"];
      return `${table(headings, rows)}${counted(rows.length, "offer")}\n`;
    });
  },
});
