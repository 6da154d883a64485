import { AsyncLocalStorage } from "node:async_hooks";
import type { Asker } from "./core/authority.ts";
import type { Problem } from "./core/problem.ts";

/** What one request has asked of Redis and of Durable Objects. */
export class Spent {
  /** Requests to Redis, and the commands in them. */
  trips = 0;
  commands = 0;
  /** Calls to Durable Objects. */
  calls = 0;
  /** How many of both had no answer, or a refusal. */
  errors = 0;
}

const requests = new AsyncLocalStorage<Spent>();

/** Does a request's work: what it asks is counted in `spent`. */
export const counting = <R>(spent: Spent, work: () => R): R => requests.run(spent, work);

/** What the request whose work this is has spent; undefined in work that is no request's. */
export const currentSpent = (): Spent | undefined => requests.getStore();

/** One answered request. */
export interface Exchange {
  requestId: string;
  method: string;
  /** Absent where there is no such route. */
  endpoint?: { operationId: string; scope: string | null } | undefined;
  /** Absent where no key was taken. */
  asker?: Asker | undefined;
  backend?: string | undefined;
  spent: Spent;
  status: number;
  /** Why it was refused. */
  problem?: Problem | undefined;
  /** Why items of a batch were refused. */
  refused?: readonly Problem[];
  ms: number;
}

/** What this isolate has counted of the requests of one namespace. */
export class Counts {
  /** By the class of the status: "2xx". */
  readonly answers = new Map<string, number>();
  /** Refusals of authority, by code. */
  readonly refusals = new Map<string, number>();
  readonly spent = new Spent();
}

/** A dataset of Analytics Engine, as far as it is used. */
export interface Dataset {
  writeDataPoint(point: { indexes: string[]; blobs: string[]; doubles: number[] }): void;
}

/** Where what was refused before a namespace was known is counted. */
export const NOBODYS = "";

/** Acts of an admin that others may do to what is theirs: they are logged where the asker has the scope. */
const ACTS = new Set([
  "drainAgent",
  "cancelDrain",
  "importAgents",
  "unregisterAgent",
  "unregisterToolset",
  "legacyUnregister",
]);

/** Where every answered request is counted, logged if it is worth a line, and written to Analytics Engine. */
export class Telemetry {
  readonly #dataset: Dataset | undefined;
  /** By namespace. */
  readonly #counts = new Map<string, Counts>();

  constructor(dataset?: Dataset) {
    this.#dataset = dataset;
  }

  countsOf(namespace: string): Counts {
    const counts = this.#counts.get(namespace) ?? new Counts();
    this.#counts.set(namespace, counts);
    return counts;
  }

  /** Never throws: what was answered is answered. */
  record(exchange: Exchange): void {
    try {
      this.#count(exchange);
      logIfDue(exchange);
      this.#write(exchange);
    } catch {
      // Nobody is there to be told.
    }
  }

  #count({ asker, problem, refused = [], status, spent }: Exchange): void {
    const counts = this.countsOf((asker ?? problem?.options.asker)?.namespace ?? NOBODYS);
    add(counts.answers, classOf(status));
    if (problem && isOfAuthority(problem, status)) add(counts.refusals, problem.code);
    for (const item of refused) if (isOfAuthority(item, item.status)) add(counts.refusals, item.code);
    for (const field of ["trips", "commands", "calls", "errors"] as const)
      counts.spent[field] += spent[field];
  }

  #write({ endpoint, asker, backend = "", spent, status, ms }: Exchange): void {
    const namespace = asker?.namespace ?? NOBODYS;
    this.#dataset?.writeDataPoint({
      indexes: [namespace],
      blobs: [endpoint?.operationId ?? "", classOf(status), backend, namespace],
      doubles: [ms, spent.trips, spent.commands, spent.calls, spent.errors],
    });
  }
}

const add = (counts: Map<string, number>, name: string): unknown =>
  counts.set(name, (counts.get(name) ?? 0) + 1);

const classOf = (status: number): string => `${Math.trunc(status / 100)}xx`;

/** Whether somebody was not let do something, as against something that could not be done. */
const isOfAuthority = ({ code }: Problem, status: number): boolean =>
  status === 401 || status === 403 || code === "lease_lost";

/**
 * One line of JSON for a failure, a refusal of authority and an admin's act, and for each code by which authority was refused to
 * items of a batch; none for all others.
 */
function logIfDue(exchange: Exchange): void {
  const { requestId, method, endpoint, asker, status, problem, refused = [] } = exchange;
  const who = asker ?? problem?.options.asker;
  const line = {
    request_id: requestId,
    method,
    operation: endpoint?.operationId ?? null,
    namespace: who?.namespace ?? null,
    key: who?.name ?? null,
    status,
  };
  if (problem) {
    const { code, message: detail, cause, kind } = problem;
    if (status >= 500 && !kind.expected) {
      // Only the cause's name: messages of lower layers may contain commands, values and tokens.
      const name = cause instanceof Error ? cause.name : typeof cause;
      console.error(JSON.stringify({ ...line, code, detail, cause: name }));
    } else if (isOfAuthority(problem, status)) console.warn(JSON.stringify({ ...line, code }));
  } else if (status < 400 && isAct(exchange)) console.log(JSON.stringify(line));
  const items = refused.filter((item) => isOfAuthority(item, item.status));
  for (const [code, ofCode] of Map.groupBy(items, (item) => item.code))
    console.warn(JSON.stringify({ ...line, code, items: ofCode.length }));
}

/** Under open access nobody has a name, and everybody is an admin: there is nothing to tell of. */
function isAct({ method, endpoint, asker }: Exchange): boolean {
  if (!endpoint || !asker || asker.name === null || method === "GET") return false;
  const { operationId, scope } = endpoint;
  return scope === "admin" || (ACTS.has(operationId) && asker.scopes.includes("admin"));
}
