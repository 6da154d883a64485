import { command } from "../command.ts";
import { EXIT } from "../exit.ts";
import { counted } from "../table.ts";

export const check = command({
  description: "Probe the health_url of the providers now, up to 200; exit code 1 if one fails",
  examples: ["check", "check --json"],
  args: {},
  async run({ client, io, answer, table }) {
    const results = await client.services.checkHealth({ signal: io.ending });
    const rows = Object.entries(results).map(([provider, isHealthy]) => [
      provider,
      isHealthy ? "healthy" : "unhealthy",
    ]);
    answer(results, () =>
      rows.length === 0
        ? "no provider has a health_url\n"
        : `${table(["PROVIDER", "HEALTH"], rows)}${counted(rows.length, "provider")}\n`,
    );
    return Object.values(results).every(Boolean) ? EXIT.done : EXIT.failed;
  },
});
