import type * as z from "zod";
import type { Config } from "../config.ts";
import type { Caller, Scope } from "../core/authority.ts";
import type { Region } from "../core/entry.ts";
import type { ProblemCode } from "../core/problem.ts";
import type { LeaseToken } from "./lease-token.ts";
import type { Pool } from "../pool/pool.ts";
import type { Prober } from "../sweep/health-checks.ts";
import type { Store } from "../store/store.ts";

/** What the app is given; nothing below `http` reaches for a clock, an environment or an adapter by itself. */
export interface Deps {
  config: Config;
  /** Opens a namespace's store for one request. */
  openStore: (namespace: string) => Store;
  /** What one service's callers share. */
  openPool: (namespace: string, service: string) => Pool;
  /** ms since the Unix epoch */
  now: () => number;
  /** Resolves after so many ms. */
  pause: (ms: number) => Promise<void>;
  /** The platform's fetch, for health checks. */
  fetch: typeof fetch;
  probeTimeoutMs: number;
}

/** One request, checked: what a handler works with. */
export interface Call<Query, Body> {
  query: Query;
  body: Body;
  /** The id in the path; "" where the path has none. */
  id: string;
  /** The type in the path, likewise. */
  type: string;
  /** The service in the path, likewise. */
  service: string;
  caller: Caller;
  store: Store;
  /** Opens the pool of a service in the caller's namespace. */
  pool: (service: string) => Pool;
  /** What a health check needs. */
  prober: () => Prober;
  pause: (ms: number) => Promise<void>;
  config: Config;
  /** What the Lease-Token header says. */
  token: LeaseToken | undefined;
  region: Region | null;
  /** When the request came in, ms since the Unix epoch. */
  now: number;
  /** ms since the Unix epoch, afresh */
  clock: () => number;
}

export interface Answer {
  status: number;
  /** Absent: no body. */
  body?: unknown;
  headers?: Record<string, string>;
}

/**
 * A route, declared once: the app mounts it, the OpenAPI document describes it, and the authorisation test walks it.
 */
export interface Endpoint<Query = unknown, Body = unknown> {
  method: "GET" | "POST" | "PUT" | "DELETE";
  /** With `:id` for the entry's id, `:type` for a type, `:service` for a service. */
  path: string;
  operationId: string;
  summary: string;
  /** The scope a key needs; null: no key at all. */
  scope: Scope | null;
  query?: z.ZodType<Query>;
  /** Checked strictly; what the document shows is `bodyShape` where items are checked one by one. */
  body?: z.ZodType<Body>;
  bodyShape?: z.ZodType;
  /** An empty body is taken as `{}`. */
  bodyOptional?: boolean;
  takesLeaseToken?: boolean;
  /** Answers by status; the body's schema where there is one. */
  answers: Record<number, { description: string; body?: z.ZodType }>;
  refusals: readonly ProblemCode[];
  /** Source 2's API: unknown fields are ignored there, and 400 and 404 are a bare `{"error"}`. */
  legacy?: boolean;
  handle(call: Call<Query, Body>): Promise<Answer>;
}

/** Gives a handler the types of its own schemas, and the table one type for all. */
export const endpoint = <Query, Body>(declared: Endpoint<Query, Body>): Endpoint => declared;
