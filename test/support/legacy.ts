import { expect } from "vitest";
import type { Registry } from "./registry.ts";

export const UUID_V4 = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
export const COST = { name: "cost-agent-1", type: "cost", host: "localhost", port: 8001 };
export const UNREGISTERED = `{"message":"Agent unregistered successfully"}`;

export interface LegacyAgent {
  id: string;
  status: string;
  capabilities: string[];
  version: string;
  registered_at: string;
  last_seen: string;
  metadata?: Record<string, unknown>;
}
export interface LegacyList {
  agents: LegacyAgent[];
  count: number;
  truncated?: boolean;
}

/** One exchange as bytes: source 2's clients may depend on any of them. */
export async function exchange(registry: Registry, method: string, path: string, body?: string) {
  const response = await registry.fetch(path, { method, ...(body !== undefined && { body }) });
  return {
    status: response.status,
    type: response.headers.get("Content-Type"),
    text: await response.text(),
  };
}

export const JSON_TYPE = "application/json; charset=utf-8";
export const ok = (text: string, status = 200) => ({ status, type: JSON_TYPE, text });

export async function enlist(registry: Registry, fields: Record<string, unknown> = {}): Promise<string> {
  const { status, body } = await registry.post<{ agent_id: string }>("/agents/register", {
    ...COST,
    ...fields,
  });
  expect(status).toBe(201);
  return body.agent_id;
}

export const show = async (registry: Registry, id: string): Promise<LegacyAgent> =>
  (await registry.get<LegacyAgent>(`/agents/${id}`)).body;
export const list = async (registry: Registry, path = "/agents"): Promise<LegacyList> =>
  (await registry.get<LegacyList>(path)).body;
