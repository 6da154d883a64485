import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import type { BarePool } from "../../src/pool/pool.ts";
import { durablePool } from "../../src/pool/durable-pool.ts";
import { type Registered, Registry, type RegistryOptions, type Reply } from "./registry.ts";
import type { Backend } from "./stores.ts";

export interface Reason {
  id: string;
  stage: string;
  reason: string;
  detail: string;
}

export interface Resolved {
  provider: { id: string; [field: string]: unknown };
  binding: Record<string, unknown>;
  selection_id: string | null;
  deadline_seconds: number;
  circuit_state: string;
  considered: number;
  providers?: Pick<Resolved, "provider" | "binding" | "deadline_seconds" | "circuit_state">[];
  degraded?: true;
  warnings?: string[];
  reasons?: Reason[];
}

/** What a refusal says besides. */
export interface Refusal {
  code: string;
  detail: string;
  error: string;
  errors?: { pointer: string; detail: string }[];
  reasons?: Reason[];
  missing?: string[];
}

export interface Selected {
  selection_id: string;
  at: string;
  handler: string | null;
  capabilities: string[];
  provider: string | null;
  scope: string | null;
  priority_group: number | null;
  circuit_state: string | null;
  reasons: Reason[];
}

export interface Stats {
  name: string;
  state: string;
  failure_count: number;
  success_count: number;
  last_failure_time: string | null;
  call_count: number;
  total_failures: number;
  total_successes: number;
  success_rate: number;
  recovery_attempts: number;
  state_transitions: number;
  time_in_open_state: number;
  last_failure_age: number | null;
  last_error: string | null;
  latency_ms: number | null;
  health_check: string | null;
}
export interface Listed {
  name: string;
  priority: string;
  priority_group: number;
  strategy: string;
  capabilities: string[];
  metadata: Record<string, unknown>;
  circuit_breaker_state: string;
  healthy: boolean;
  reason: string | null;
  detail: string | null;
}
export interface Runtime {
  handlers: Record<string, Record<string, Listed[]>>;
  global_services: Record<string, Listed[]>;
  circuit_breaker_stats: Record<string, Stats>;
}

/** A registry, and the words to offer services in it and to call them; the service is "llm" unless another is named. */
export class Services extends Registry {
  /** Registers a provider that never lapses, with one binding or several. */
  offer(
    id: string,
    bindings: Record<string, unknown> | Record<string, unknown>[] = {},
    fields: Record<string, unknown> = {},
  ): Promise<Registered> {
    const services = [bindings].flat().map((binding) => ({ service: "llm", ...binding }));
    return this.register({ id, services, heartbeat_interval_seconds: null, ...fields });
  }

  resolve(query = "", service = "llm"): Promise<Reply<Resolved & Refusal>> {
    return this.get(`/v1/services/${encodeURIComponent(service)}/resolve${query}`);
  }

  /** Who is served by so many calls, one after the other. */
  async turns(count: number, query = "", service = "llm"): Promise<string[]> {
    const ids: string[] = [];
    while (ids.length < count) {
      const { status, body } = await this.resolve(query, service);
      ids.push(status === 200 ? body.provider.id : body.code);
    }
    return ids;
  }

  report(provider_id: string, success: boolean, fields: Record<string, unknown> = {}) {
    return this.post<Taken & Refusal>("/v1/outcomes", { service: "llm", provider_id, success, ...fields });
  }

  /** So many calls, all of which went the same way. */
  reports(provider_id: string, success: boolean, count: number, service = "llm") {
    const outcomes = Array.from({ length: count }, () => ({ service, provider_id, success }));
    return this.post<{ results: (Taken & { status: number })[] }>("/v1/outcomes", { outcomes });
  }

  /** Resolves and reports, so many times, with the selection's id; gives the states of the breaker. */
  async served(success: boolean, count: number): Promise<string[]> {
    const states: string[] = [];
    while (states.length < count) {
      const { provider, selection_id } = (await this.resolve()).body;
      states.push((await this.report(provider.id, success, { selection_id })).body.circuit_state);
    }
    return states;
  }

  async runtime(query = ""): Promise<Runtime> {
    return (await this.get<Runtime>(`/v1/runtime/services${query}`)).body;
  }

  async stats(id: string, service = "llm"): Promise<Stats> {
    const { circuit_breaker_stats: stats } = await this.runtime();
    const found = stats[`${service}.${id}`];
    if (!found) throw new Error(`no breaker of ${id}: ${JSON.stringify(stats)}`);
    return found;
  }

  async selections(query = "", service = "llm"): Promise<Selected[]> {
    const { body } = await this.get<{ selections: Selected[] }>(`/v1/services/${service}/selections${query}`);
    return body.selections;
  }
}

export interface Taken {
  service: string;
  provider_id: string;
  counted: boolean;
  circuit_state: string;
  latency_ms: number | null;
}

export const openServices = (options: RegistryOptions = {}): Services => new Services(options);

export const stagesOf = (reasons: Reason[] | undefined) =>
  reasons?.map(({ id, stage, reason }) => [id, stage, reason]);

/** Counts what the pools of a backend are called for. */
export function countingPools(backend: Backend): { backend: Backend; calls: string[] } {
  const calls: string[] = [];
  const openPool = (namespace: string, service: string): BarePool => {
    const pool = backend.openPool(namespace, service);
    const counted = Object.entries(pool).map(([method, call]: [string, (...args: never[]) => unknown]) => [
      method,
      (...args: never[]) => {
        calls.push(`${service} ${method}`);
        return call(...args);
      },
    ]);
    return Object.fromEntries(counted) as BarePool;
  };
  return { backend: { ...backend, openPool }, calls };
}

/** A backend whose pools can be made to throw at every write, one service at a time, and be mended. */
export function breakablePools(backend: Backend) {
  const own = crypto.randomUUID();
  const stubOf = (service: string) => env.SERVICE_POOL.getByName(`${own}\x1f${service}`);
  const rename = (service: string, tables: readonly (readonly [string, string])[]) =>
    runInDurableObject(stubOf(service), (_, { storage }) => {
      for (const [from, to] of tables) storage.sql.exec(`ALTER TABLE ${from} RENAME TO ${to}`);
    });
  const tables = ["provider", "selection"].map((name) => [name, `mislaid_${name}`] as const);
  return {
    backend: { ...backend, openPool: (_: string, service: string) => durablePool(() => stubOf(service)) },
    fail: (service = "llm") => rename(service, tables),
    recover: (service = "llm") =>
      rename(
        service,
        tables.map(([name, mislaid]) => [mislaid, name] as const),
      ),
  };
}
