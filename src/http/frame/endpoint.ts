import type * as z from "zod";
import type { Config } from "../../config.ts";
import type { Scope, Asker } from "../../core/authority.ts";
import type { Region } from "../../core/entry.ts";
import type { ProblemCode } from "../../core/problem.ts";
import type { LeaseToken } from "../../registry/lease-token.ts";
import type { Gateway } from "../../gateway/gateway.ts";
import type { Pool } from "../../pool/pool.ts";
import type { Prober } from "../../registry/services/health-checks.ts";
import type { Store } from "../../store/store.ts";

/** What the app is given; nothing below `http` reaches for a clock, an environment or an adapter by itself. */
export interface Deps {
  config: Config;
  /** Opens a namespace's store. */
  openStore: (namespace: string) => Store;
  /** What one service's callers share. */
  openPool: (namespace: string, service: string) => Pool;
  /** What one toolset's callers and providers share. */
  openGateway: (namespace: string, toolset: string) => Gateway;
  /** ms since the Unix epoch */
  now: () => number;
  /** Resolves after so many ms. */
  pause: (ms: number) => Promise<void>;
  /** The platform's fetch, for health checks. */
  fetch: typeof fetch;
  probeTimeoutMs: number;
}

/** What may stand in a path; "" where the path has none. */
export interface PathParams {
  id: string;
  type: string;
  service: string;
  /** a toolset's */
  name: string;
  tool: string;
  call: string;
}

/** One request, checked: what a handler works with. Not to be spread: some of it is made when it is asked for. */
export interface Call<Query, Body> extends PathParams {
  query: Query;
  /** Undefined where the endpoint reads it late. */
  body: Body;
  /** Reads and checks the body, for endpoints that refuse for other reasons first. @throws {Problem} `invalid_request` */
  readBody: () => Promise<Body>;
  headers: Headers;
  asker: Asker;
  store: Store;
  /** Opens the pool of a service in the asker's namespace. */
  pool: (service: string) => Pool;
  /** Opens the gateway of a toolset in the asker's namespace. */
  gateway: (toolset: string) => Gateway;
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
  /** A weak validator that the handler knows; else one is made of the body. */
  etag?: string;
  /** An answer that is whole as it is: a stream, or a socket. */
  raw?: Response;
}

/**
 * A route, declared once: the app mounts it, the OpenAPI document describes it, and the authorisation test walks it.
 */
export interface Endpoint<Query = unknown, Body = unknown> {
  method: "GET" | "POST" | "PUT" | "DELETE";
  /** With `:` before each of the `PathParams`. */
  path: string;
  operationId: string;
  summary: string;
  /** The scope a key needs; null: no key at all. */
  scope: Scope | null;
  query?: z.ZodType<Query>;
  /** Checked strictly; what the document shows is `bodyShape` where items are checked one by one. */
  body?: z.ZodType<Body>;
  bodyShape?: z.ZodType;
  /** The handler asks for the body when it is ready for it. */
  readsBodyLate?: boolean;
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
