import { command } from "../command.ts";
import { age, facts } from "../table.ts";
import { toolsetNames } from "../values.ts";

export const toolsetsShow = command({
  description: "One toolset with its tools, and its calls that wait or are in hand; the schemas with --json",
  examples: ["toolsets show text", "toolsets show text --json"],
  args: { name: { type: "positional", required: true, description: "The toolset", values: toolsetNames } },
  async run({ args: { name }, client, answer, table }) {
    const [toolset, calls] = await Promise.all([client.toolsets.get(name), client.toolsets.load(name)]);
    answer({ ...toolset, calls }, () => {
      const { health } = toolset;
      const pong = health.age_ms === null ? "no pong yet" : `pong ${age(health.age_ms)} ago`;
      const lines = facts([
        ["name", toolset.name],
        ["description", toolset.description],
        ["version", toolset.version],
        ["tags", toolset.tags.join(", ")],
        ["health", `${health.healthy ? "healthy" : "unhealthy"}, ${pong}`],
        ["calls", `${calls.queued} queued, ${calls.claimed} claimed`],
        ["consumers", String(calls.consumers)],
        ["registered", toolset.registered_at],
        ["owner", toolset.owner ?? undefined],
      ]);
      const rows = toolset.tools.map((tool) => [tool.name, tool.tags.join(", "), tool.description]);
      return `${lines}\n${table(["TOOL", "TAGS", "DESCRIPTION"], rows)}`;
    });
  },
});
