import type { AgentRecord } from "../client/index.ts";
import type { Paint } from "./io.ts";
import { age, few, percent, score, stateStyle, table } from "./table.ts";

export function agentsTable(agents: readonly AgentRecord[], paint: Paint): string {
  return table(
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
    paint,
    stateStyle(paint),
  );
}

export const counted = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? "" : "s"}`;

/** What a summary says of lapsed agents, where there are some. */
export const alsoLapsed = (lapsed: number): string =>
  lapsed === 0 ? "" : `; ${lapsed} lapsed, and may come back`;
