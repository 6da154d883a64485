import { expect } from "vitest";
import type { Registry } from "./registry.ts";

/** One component's result, as an import answers it. */
export interface ImportedItem {
  index: number | null;
  id: string | null;
  status: number;
  outcome: string;
  source?: string;
  lease_token?: string;
  code?: string;
  errors?: { pointer: string }[];
}

export const active = (name: string, fields: object = {}) => ({
  type: "skill",
  name,
  activated: true,
  ...fields,
});
export const idle = (name: string) => ({ type: "skill", name, activated: false });

/** Imports a file, or a part of one. */
export async function importFile(
  registry: Registry,
  components: unknown[],
  query = "?static=true",
  headers: Record<string, string> = {},
) {
  const { status, body } = await registry.post<{ results: ImportedItem[]; next: string | null }>(
    `/v1/agents/import${query}`,
    { components },
    headers,
  );
  expect(status).toBe(200);
  return body;
}

/** What an import says it did, by id. */
export async function outcomes(...args: Parameters<typeof importFile>): Promise<Record<string, string>> {
  const { results } = await importFile(...args);
  return Object.fromEntries(results.map(({ id, outcome }) => [id, outcome]));
}

/** As `type id`, oldest first. */
export const eventsOf = async (registry: Registry): Promise<string[]> =>
  (await registry.get<{ events: { type: string; id: string }[] }>("/v1/events")).body.events.map(
    ({ type, id }) => `${type} ${id}`,
  );
