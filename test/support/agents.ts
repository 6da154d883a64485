import type { SweepSummary } from "../../src/client/shapes.ts";
import type { AgentRecord } from "../../src/core/agents/record.ts";
import type { Registry } from "./registry.ts";

export interface AgentList {
  agents: AgentRecord[];
  next_cursor: string | null;
}

export const readAgent = async (registry: Registry, id: string): Promise<AgentRecord> =>
  (await registry.get<AgentRecord>(`/v1/agents/${encodeURIComponent(id)}`)).body;

export const sweep = async (registry: Registry, query = ""): Promise<SweepSummary> =>
  (await registry.post<SweepSummary>(`/v1/sweep${query}`)).body;

/**
 * Sweeps now, and every minute from now on until what the first sweep finds lapsed has been kept for its 5 minutes.
 *
 * @returns who was reaped
 */
export async function sweepUntilReaped(registry: Registry): Promise<string[]> {
  const { reaped } = await sweep(registry);
  for (let minute = 1; minute <= 6; minute += 1) {
    await registry.pass(60_000);
    reaped.push(...(await sweep(registry)).reaped);
  }
  return reaped;
}

/** The ids on the first page of the list. */
export const listedIds = async (registry: Registry): Promise<string[]> =>
  (await registry.get<AgentList>("/v1/agents")).body.agents.map(({ id }) => id);

export const discoverIds = async (registry: Registry, query: string): Promise<string[]> =>
  (await registry.get<AgentList>(`/v1/discover?${query}`)).body.agents.map(({ id }) => id);

/** Every id that paging through the list shows, in the order shown; `onPage` is given each page as it comes. */
export async function listAll(
  registry: Registry,
  limit: number,
  onPage: (page: AgentRecord[]) => Promise<void> = async () => {},
): Promise<string[]> {
  const ids: string[] = [];
  for (let cursor = ""; ;) {
    const { body } = await registry.get<AgentList>(`/v1/agents?limit=${limit}${cursor}`);
    ids.push(...body.agents.map(({ id }) => id));
    await onPage(body.agents);
    if (body.next_cursor === null) return ids;
    cursor = `&cursor=${body.next_cursor}`;
  }
}
