/** What a caller looks at who has to choose from all agents itself. */
export interface Agent {
  status: string;
  capabilities: (string | { name: string })[];
  health_score: number;
  current_load: number;
}

/** The least busy of those that can do the work: what discovery does, in the caller. */
export const bestOf = (agents: readonly Agent[], limit: number): Agent[] =>
  agents
    .filter(
      ({ status, capabilities, health_score }) =>
        status === "available" &&
        health_score >= 0.7 &&
        capabilities.some((capability) => typeof capability === "object" && capability.name === "work"),
    )
    .toSorted((a, b) => a.current_load - b.current_load)
    .slice(0, limit);
