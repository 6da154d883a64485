import type * as z from "zod";
import type { Asker, Scope } from "../../core/authority.ts";
import type { Region } from "../../core/entry.ts";
import type { ProblemCode } from "../../core/problem.ts";
import type { LeaseToken } from "../../registry/lease-token.ts";
import type { Namespace } from "../../registry/namespace.ts";
import type { Telemetry } from "../../telemetry.ts";
import type { AnswerSpecs } from "../documentation/documentation.ts";
import type { DOCUMENTATION } from "../documentation/index.ts";
import type { Answer, AnswerOf, WithoutUndeclared } from "./answer.ts";

export type Method = "GET" | "POST" | "PUT" | "DELETE";

/** The groups of the OpenAPI document, in its order. */
export const GROUPS = {
  agents: "Register, call in, leave",
  discovery: "Who can do what, now",
  services: "Choose a provider, report how it went, and manage both",
  toolsets: "Tools with schemas, and calls to them",
  mcp: "The tools, for MCP clients",
  keys: "Who may ask for what",
  webhooks: "Who is sent what happened",
  operation: "What happened, and whether all is well",
  compatibility: "An older agent API, for its existing clients",
} as const;
export type Group = keyof typeof GROUPS;

/**
 * How an endpoint refuses: `problem` as RFC 9457 has it; `bare` as the older agent API does, `{"error"}` for 400 and 404,
 * and lenient about what it does not know; `page` in HTML; `rpc` as JSON-RPC 2.0.
 */
export type Dialect = "problem" | "bare" | "page" | "rpc";

/** One checked request: what a handler works with. Do not spread it: some of its fields are made when they are read. */
export interface Ask<Params, Query, Body> {
  params: Params;
  query: Query;
  /** undefined where the endpoint reads it late */
  body: Body;
  /** Reads and checks the body, for endpoints with `readsBodyLate`. @throws {Problem} `invalid_request` and the like */
  readBody: () => Promise<Body>;
  headers: Headers;
  /** Aborted when the asker has gone. */
  signal: AbortSignal;
  asker: Asker;
  /** The asker's. */
  namespace: Namespace;
  /** Where the registry is reached: the scheme, host and port of the request. */
  origin: string;
  /** Whether requests need an API key; under open access they do not. */
  needsKey: boolean;
  /** What this isolate has counted. */
  telemetry: Telemetry;
  /** From the Lease-Token header. */
  token: LeaseToken | undefined;
  /** From the Idempotency-Key header. @throws {Problem} `invalid_request` */
  idempotencyKey: string | undefined;
  /** Where the request came from; null where the platform does not say. */
  region: Region | null;
  /** When the whole request had arrived, ms since the Unix epoch. */
  now: number;
}

type ParamName<Path extends string> = Path extends `${string}/:${infer Name}/${infer Rest}`
  ? Name | ParamName<`/${Rest}`>
  : Path extends `${string}/:${infer Name}`
    ? Name
    : never;

/** The operations that there are. */
export type Operation = keyof typeof DOCUMENTATION;

/** A route, declared once: the app mounts it, the OpenAPI document describes it, the tests walk all of them. */
export interface Endpoint<Params = unknown, Query = unknown, Body = unknown> {
  method: Method;
  /** With `:name` for each parameter. */
  path: string;
  /** The schema of each parameter in the path. */
  params?: Record<string, z.ZodType<string>>;
  /** What is said of it, and what it answers, stands under this name in documentation/. */
  operationId: Operation;
  /** The group of the OpenAPI document that has it; null: the document leaves it out. */
  group: Group | null;
  /** The scope that a key must have; null: no scope is needed. */
  scope: Scope | null;
  /** By default `required`, and `none` if `scope` is null. `optional`: an asker without a key is let in, with no scope. */
  key?: "required" | "optional" | "none";
  /** By default `problem`. */
  dialect?: Dialect;
  query?: z.ZodType<Query>;
  /** Where a batch's items are checked one by one, `bodyShape` shows the whole to the OpenAPI document. */
  body?: z.ZodType<Body>;
  bodyShape?: z.ZodType;
  /** The body is JSON values, one a line; `body` gets a list of `SentLine`, and `bodyShape` shows one. */
  takesLines?: boolean;
  /** 256 KiB by default. */
  bodyBytesMax?: number;
  /** The handler calls `readBody` itself, once its other checks have passed. */
  readsBodyLate?: boolean;
  /** An empty body is taken as `{}`. */
  bodyOptional?: boolean;
  /** It is counted as a heartbeat, not among the other requests of its key. */
  isHeartbeat?: boolean;
  takesLeaseToken?: boolean;
  takesIdempotencyKey?: boolean;
  refusals: readonly ProblemCode[];
  handle(ask: Ask<Params, Query, Body>): Promise<Answer>;
}

/** Whether an endpoint needs a key, where it does not say so itself. */
export const keyNeedOf = ({ key, scope }: Pick<Endpoint, "key" | "scope">): NonNullable<Endpoint["key"]> =>
  key ?? (scope === null ? "none" : "required");

interface Declared<Path extends string, Query, Body, Id extends Operation, Given> extends Omit<
  Endpoint<Record<ParamName<Path>, string>, Query, Body>,
  "path" | "params" | "operationId" | "handle"
> {
  path: Path;
  operationId: Id;
  handle(ask: Ask<Record<ParamName<Path>, string>, Query, Body>): Promise<Given>;
}

type AnswersOf<Id extends Operation> = (typeof DOCUMENTATION)[Id]["answers"];

type WithParams<Path extends string> = [ParamName<Path>] extends [never]
  ? { params?: never }
  : { params: Record<ParamName<Path>, z.ZodType<string>> };

/**
 * Gives a handler the types of its own schemas, and the table one type for all. A parameter of the path without a schema,
 * a status that is not declared, and a body with a field missing, wrong or undeclared do not compile.
 */
export const endpoint = <
  const Path extends string,
  Query,
  Body,
  const Id extends Operation,
  Specs extends AnswerSpecs = AnswersOf<Id>,
  Given extends AnswerOf<NoInfer<Specs>> = AnswerOf<Specs>,
>(
  declared: Declared<Path, Query, Body, Id, Given> &
    WithParams<Path> & {
      handle: (ask: never) => Promise<WithoutUndeclared<NoInfer<Specs>, NoInfer<Given>>>;
    },
): Endpoint => declared;
