import type { CallOptions } from "./agents.ts";
import type {
  BreakersReset,
  CheckResults,
  Outcome,
  OutcomeTaken,
  PriorityChanged,
  ReadyServices,
  Resolved,
  ResolveQuery,
  RuntimeHealth,
  RuntimeServices,
  SelectionList,
  SelectionLogic,
} from "./shapes.ts";
import { ANSWER_MS, type Transport } from "./transport.ts";

const RUNTIME = "/v1/runtime/services";
const READY_TIMEOUT_SECONDS = 30;

const pathOf = (service: string, rest: string): string =>
  `/v1/services/${encodeURIComponent(service)}${rest}`;

type ServiceFilter = { handler?: string | undefined; service_type?: string | undefined };
type Single = Extract<OutcomeTaken, { counted: boolean }>;
type Batch = Extract<OutcomeTaken, { results: unknown }>;

export type Services = ReturnType<typeof services>;

export const services = ({ send }: Transport) => ({
  /** Which provider to use, now. */
  resolve: (service: string, query: ResolveQuery = {}, options: CallOptions = {}) =>
    send<Resolved>("GET", pathOf(service, "/resolve"), { query, ...options }),

  /** The last choices, newest first, with their reasons. */
  selections: (service: string, query: { limit?: number } = {}, options: CallOptions = {}) =>
    send<SelectionList>("GET", pathOf(service, "/selections"), { query, ...options }),

  /** Says how a call went; this is what moves a circuit breaker. */
  report: (outcome: Outcome, options: CallOptions = {}) =>
    send<Single>("POST", "/v1/outcomes", { body: outcome, ...options }),

  /** The same for up to 500; each has a result of its own, in order. */
  reportAll: (outcomes: readonly Outcome[], options: CallOptions = {}) =>
    send<Batch>("POST", "/v1/outcomes", { body: { outcomes }, ...options }),

  /** Waits until each service has a provider. */
  ready: (service: readonly string[], options: CallOptions & { timeoutSeconds?: number } = {}) => {
    const { timeoutSeconds = READY_TIMEOUT_SECONDS, ...call } = options;
    const query = { service, timeout: timeoutSeconds };
    const timeoutMs = timeoutSeconds * 1000 + ANSWER_MS;
    return send<ReadyServices>("GET", "/v1/services/ready", { query, timeoutMs, ...call });
  },

  /** Probes every provider's `health_url` now. */
  checkHealth: (options: CallOptions = {}) =>
    send<CheckResults>("POST", "/v1/services/health-checks", { timeoutMs: 120_000, ...options }),

  /** Every provider, in the order of selection. */
  list: (query: ServiceFilter = {}, options: CallOptions = {}) =>
    send<RuntimeServices>("GET", RUNTIME, { query, ...options }),

  health: (options: CallOptions = {}) => send<RuntimeHealth>("GET", `${RUNTIME}/health`, options),

  selectionLogic: (options: CallOptions = {}) =>
    send<SelectionLogic>("GET", `${RUNTIME}/selection-logic`, options),

  /** @param options.filter  which binding is meant, where the provider has several */
  setPriority: (
    provider: string,
    body: { priority: string | number; priority_group?: number; strategy?: string },
    options: CallOptions & { filter?: ServiceFilter } = {},
  ) =>
    send<PriorityChanged>("PUT", `${RUNTIME}/${encodeURIComponent(provider)}/priority`, {
      body,
      query: { ...options.filter },
      signal: options.signal,
      timeoutMs: options.timeoutMs,
    }),

  resetBreakers: (query: { service_type?: string } = {}, options: CallOptions = {}) =>
    send<BreakersReset>("POST", `${RUNTIME}/circuit-breakers/reset`, { query, ...options }),
});
