import { command } from "../command.ts";
import { age, facts, percent, score } from "../table.ts";
import { agentIds, priorityName } from "../values.ts";

export const get = command({
  description: "One agent, with all that is known of it",
  examples: ["get agent/scout", "get agent/scout --json"],
  args: { id: { type: "positional", required: true, description: "The agent", values: agentIds } },
  async run({ args, client, answer, table }) {
    const agent = await client.agents.get(args.id);
    answer(agent, () => {
      const { status_reason: reason, max_concurrency: most, heartbeat_interval_seconds: interval } = agent;
      const at = agent.endpoint ?? (agent.host && `${agent.host}:${agent.port ?? ""}${agent.path ?? ""}`);
      const lines = facts([
        ["id", agent.id],
        ["name", agent.name],
        ["type", agent.type],
        ["version", agent.version],
        ["status", reason === null ? agent.effective_status : `${agent.effective_status}: ${reason}`],
        ["reported", agent.status === agent.effective_status ? undefined : agent.status],
        ["health", score(agent.health_score)],
        ["load", `${agent.current_load} of ${most ?? "any"}, ${percent(agent.load_ratio)}`],
        ["heard", `${age(agent.age_ms)} ago, ${interval === null ? "static" : `every ${interval} s`}`],
        ["expires", agent.expires_at ?? "never"],
        ["registered", agent.registered_at],
        ["owner", agent.owner ?? undefined],
        ["at", at],
        ["probed at", agent.health_url],
        ["capabilities", agent.capabilities.map(({ name }) => name).join(", ")],
        ["tags", agent.tags.join(", ")],
        ["metadata", Object.keys(agent.metadata).length > 0 ? JSON.stringify(agent.metadata) : undefined],
      ]);
      if (agent.services.length === 0) return lines;
      const rows = agent.services.map(({ service, handler, priority, priority_group, strategy }) => [
        service,
        handler === "*" ? "everyone" : handler,
        priorityName(priority),
        String(priority_group),
        strategy,
      ]);
      return `${lines}\n${table(["SERVICE", "FOR", "PRIORITY", "GROUP", "STRATEGY"], rows)}`;
    });
  },
});
