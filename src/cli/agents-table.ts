import type { AgentRecord } from "../client/index.ts";
import { age, few, percent, score, type Table } from "./table.ts";

export const agentsTable = (agents: readonly AgentRecord[], table: Table): string =>
  table(
    ["ID", "TYPE", "STATUS", "HEALTH", "LOAD", "HEARD", "CAPABILITIES"],
    agents.map((agent) => [
      agent.id,
      agent.type,
      agent.effective_status,
      score(agent.health_score),
      percent(agent.load_ratio),
      `${age(agent.age_ms)} ago`,
      few(agent.capabilities.map(({ name }) => name)),
    ]),
  );

/** What a summary says of lapsed agents, where there are some. */
export const alsoLapsed = (lapsed: number): string =>
  lapsed === 0 ? "" : `; ${lapsed} lapsed, and may come back`;
