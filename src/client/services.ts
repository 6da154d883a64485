import type { Read } from "./answer-cache.ts";
import type {
  BreakersReset,
  CallReport,
  CheckResults,
  PriorityChanged,
  ReadyServices,
  ReportTaken,
  Resolved,
  ResolveQuery,
  RuntimeHealth,
  RuntimeServices,
  SelectionList,
  SelectionLogic,
  ServiceNames,
} from "./shapes.ts";
import type { ReadOptions, RequestOptions } from "./options.ts";
import { orStale } from "./reads.ts";
import { TIMEOUT_MS, type Transport } from "./transport.ts";

const RUNTIME = "/v1/runtime/services";
const READY_SECONDS = 30;
/** Up to 200 providers are probed in one request. */
const CHECK_TIMEOUT_MS = 120_000;

const pathOf = (service: string, rest: string): string =>
  `/v1/services/${encodeURIComponent(service)}${rest}`;

/** Absent: all. */
type ServiceFilter = {
  handler?: string | undefined;
  /** The name of the service. */
  service_type?: string | undefined;
};

/** What the registry chose just now, among providers that it read before, is a selection like any. */
const asSelection = (resolved: Read<Resolved>): Read<Resolved> =>
  resolved.stale && resolved.as_of === undefined ? { ...resolved, selection_id: null } : resolved;

export type Services = ReturnType<typeof services>;

/** Services, their providers, and the circuit breakers between them. One request per method. */
export const services = ({ read, send }: Transport) => ({
  /**
   * Chooses the provider of a service to use now, and records the choice. Scope `read`.
   *
   * @throws {RollcallError} `service_not_found`: no agent offers it; `no_provider_available`: none can be used now, and
   * the error's `reasons` says why of each
   * @returns with a `selection_id` of null if the whole answer is of an earlier request: that selection may be reported already
   */
  resolve: (service: string, query: ResolveQuery = {}, options: ReadOptions = {}) =>
    read<Read<Resolved>>(pathOf(service, "/resolve"), { query: orStale(query, options), ...options }).then(
      asSelection,
    ),

  /**
   * Reads the last choices for a service, newest first, with their reasons; none of one that nobody offers. Scope `read`.
   *
   * @param query.limit  1 to 100 (100)
   */
  selections: (service: string, query: { limit?: number } = {}, options: RequestOptions = {}) =>
    read<SelectionList>(pathOf(service, "/selections"), { query, ...options }),

  /**
   * Reports how a call to a provider went. Such reports and health checks are what moves its circuit breaker. Scope `write`.
   *
   * @throws {RollcallError} `provider_not_found`: no live agent of that id offers the service
   */
  report: (call: CallReport, options: RequestOptions = {}) =>
    send<Extract<ReportTaken, { counted: boolean }>>("POST", "/v1/outcomes", { body: call, ...options }),

  /**
   * Reports 1 to 500 calls in one request. Scope `write`.
   *
   * @returns one result per call, in order: as of `report`, or `code` and `error`
   */
  reportAll: (calls: readonly CallReport[], options: RequestOptions = {}) =>
    send<Extract<ReportTaken, { results: unknown }>>("POST", "/v1/outcomes", {
      body: { outcomes: calls },
      ...options,
    }),

  /**
   * Waits until each of 1 to 50 services has a provider that can be selected. Scope `read`.
   *
   * @param options.timeoutSeconds  how long the registry waits, 0 to 60 (30)
   * @throws {RollcallError} `services_not_ready` after that time; its `missing` names the services without a provider
   */
  ready: (
    service: readonly string[],
    { timeoutSeconds = READY_SECONDS, ...options }: RequestOptions & { timeoutSeconds?: number } = {},
  ) =>
    read<ReadyServices>("/v1/services/ready", {
      query: { service, timeout: timeoutSeconds },
      timeoutMs: timeoutSeconds * 1000 + TIMEOUT_MS,
      ...options,
    }),

  /**
   * Probes the `health_url` of up to 200 providers now. Waits up to 120 s by default. Scope `admin`.
   *
   * @returns whether each passed, by `{handler}.{service}.{provider}`
   */
  checkHealth: (options: RequestOptions = {}) =>
    send<CheckResults>("POST", "/v1/services/health-checks", { timeoutMs: CHECK_TIMEOUT_MS, ...options }),

  /**
   * Reads one page of the names of services, with how many agents offer each, lapsed ones included. Scope `read`.
   *
   * @param query.prefix  only names that begin with it
   * @param query.limit   1 to 1,000 (100)
   * @param query.cursor  the `next_cursor` of the page before; null at the end
   */
  names: (query: { prefix?: string; limit?: number; cursor?: string } = {}, options: ReadOptions = {}) =>
    read<Read<ServiceNames>>("/v1/services", { query, ...options }),

  /**
   * Reads every provider in the order of selection, by handler and service, with its breaker. With a handler, providers for
   * any handler are included. Scope `read`.
   *
   * @param query.limit  with `service_type`: only the first so many agents by id that offer it, 1 to 1,000 (all); the answer is
   *   `truncated` if there are more
   */
  list: (query: ServiceFilter & { limit?: number } = {}, options: ReadOptions = {}) =>
    read<Read<RuntimeServices>>(RUNTIME, { query, ...options }),

  /** Reads the health of all services together and of each. Scope `read`. */
  health: (options: ReadOptions = {}) => read<Read<RuntimeHealth>>(`${RUNTIME}/health`, options),

  /** Reads a description of how providers are selected. Scope `read`. */
  selectionLogic: (options: RequestOptions = {}) =>
    read<SelectionLogic>(`${RUNTIME}/selection-logic`, options),

  /**
   * Overrides the priority of a provider for as long as its registration lasts. Scope `admin`.
   *
   * @param body.priority        `CRITICAL`, `HIGH`, `NORMAL`, `LOW` or `FALLBACK` in any case, or its number (0, 1, 2, 3, 9)
   * @param body.priority_group  0 to 1,000; lower groups come first
   * @param body.strategy        `fallback` or `round_robin`
   * @param options.filter       which binding is meant, if the provider has several
   * @throws {RollcallError} `provider_not_found`; `invalid_request` if several bindings match
   */
  setPriority: (
    provider: string,
    body: { priority: string | number; priority_group?: number; strategy?: string },
    { filter, ...options }: RequestOptions & { filter?: ServiceFilter } = {},
  ) =>
    send<PriorityChanged>("PUT", `${RUNTIME}/${encodeURIComponent(provider)}/priority`, {
      body,
      query: { ...filter },
      ...options,
    }),

  /**
   * Closes the circuit breakers of all providers, or of one service's. Scope `admin`.
   *
   * @throws {RollcallError} `service_not_found` for a service that no live agent offers
   */
  resetBreakers: (query: { service_type?: string } = {}, options: RequestOptions = {}) =>
    send<BreakersReset>("POST", `${RUNTIME}/circuit-breakers/reset`, { query, ...options }),
});
