import type * as z from "zod";
import type { Asker, Scope } from "../../core/authority.ts";
import type { Region } from "../../core/entry.ts";
import type { ProblemCode } from "../../core/problem.ts";
import type { LeaseToken } from "../../registry/lease-token.ts";
import type { Namespace } from "../../registry/namespace.ts";

export type Method = "GET" | "POST" | "PUT" | "DELETE";

/** The groups of the OpenAPI document, in its order. */
export const GROUPS = {
  agents: "Register, call in, leave",
  discovery: "Who can do what, now",
  services: "Choose a provider, report how it went, and manage both",
  toolsets: "Tools with schemas, and calls to them",
  operation: "What happened, and whether all is well",
  compatibility: "An older agent API, for its existing clients",
} as const;
export type Group = keyof typeof GROUPS;

/**
 * How an endpoint refuses: `problem` as RFC 9457 has it; `bare` as the older agent API does, `{"error"}` for 400 and 404,
 * and lenient about what it does not know; `page` in HTML.
 */
export type Dialect = "problem" | "bare" | "page";

/** One request, checked: what a handler works with. Do not spread it: some of it is made when it is asked for. */
export interface Ask<Params, Query, Body> {
  params: Params;
  query: Query;
  /** Undefined where the endpoint reads it late. */
  body: Body;
  /** Reads and checks the body, for endpoints that refuse for other reasons first. @throws {Problem} `invalid_request` */
  readBody: () => Promise<Body>;
  headers: Headers;
  asker: Asker;
  /** The asker's. */
  namespace: Namespace;
  /** What the Lease-Token header says. */
  token: LeaseToken | undefined;
  /** Where the request came from; null where the platform does not say. */
  region: Region | null;
  /** When the request had come in whole, ms since the Unix epoch. */
  now: number;
}

/** What an endpoint may answer with one status. */
export interface AnswerSpec {
  description: string;
  /** Absent: no JSON body. */
  body?: z.ZodType;
  /** Who accepts `text/event-stream` is answered with a stream in place of the JSON body. */
  orStream?: true;
}
export type AnswerSpecs = Readonly<Record<number, AnswerSpec>>;

interface Headed<Status> {
  status: Status;
  headers?: Record<string, string>;
}
/** An answer whose body is JSON of the declared schema. */
interface JsonAnswer<Status, Body> extends Headed<Status> {
  body: Body;
  /** A weak validator that the handler knows; else one is made of the body. */
  etag?: string;
}
interface StreamAnswer<Status> extends Headed<Status> {
  raw: Response;
}
/** An answer without JSON: empty, a text of another type, or a stream or socket that is complete as it is. */
interface OtherAnswer<Status> extends Headed<Status> {
  text?: string;
  raw?: Response;
}

/** The answers that a handler may give, by what its endpoint declares. */
export type AnswerOf<Specs extends AnswerSpecs> = {
  [Status in keyof Specs & number]: Specs[Status] extends { body: infer Schema extends z.ZodType }
    ?
        | JsonAnswer<Status, z.output<Schema>>
        | (Specs[Status] extends { orStream: true } ? StreamAnswer<Status> : never)
    : OtherAnswer<Status>;
}[keyof Specs & number];

/** Any endpoint's answer, as the frame sends it. */
export interface Answer extends Headed<number> {
  body?: unknown;
  etag?: string;
  text?: string;
  raw?: Response;
}

type ParamName<Path extends string> = Path extends `${string}/:${infer Name}/${infer Rest}`
  ? Name | ParamName<`/${Rest}`>
  : Path extends `${string}/:${infer Name}`
    ? Name
    : never;

/** A route, declared once: the app mounts it, the OpenAPI document describes it, the tests walk all of them. */
export interface Endpoint<Params = unknown, Query = unknown, Body = unknown> {
  method: Method;
  /** With `:name` for each parameter. */
  path: string;
  /** The schema of each parameter in the path. */
  params?: Record<string, z.ZodType<string>>;
  operationId: string;
  summary: string;
  /** Where the OpenAPI document has it; null: it is not in there. */
  group: Group | null;
  /** The scope that a key needs; null: any, or none. */
  scope: Scope | null;
  /** `required` unless `scope` is null, then `none`. `optional`: an asker without one is let in, with no scope. */
  key?: "required" | "optional" | "none";
  /** `problem` unless said. */
  dialect?: Dialect;
  query?: z.ZodType<Query>;
  /** Checked strictly. Where items are checked one by one, the document shows `bodyShape` instead. */
  body?: z.ZodType<Body>;
  bodyShape?: z.ZodType;
  /** The handler asks for the body itself, when its other checks have passed. */
  readsBodyLate?: boolean;
  /** An empty body is taken as `{}`. */
  bodyOptional?: boolean;
  takesLeaseToken?: boolean;
  answers: AnswerSpecs;
  refusals: readonly ProblemCode[];
  handle(ask: Ask<Params, Query, Body>): Promise<Answer>;
}

interface Declared<Path extends string, Query, Body, Specs extends AnswerSpecs, Given> extends Omit<
  Endpoint<Record<ParamName<Path>, string>, Query, Body>,
  "path" | "params" | "answers" | "handle"
> {
  path: Path;
  answers: Specs;
  handle(ask: Ask<Record<ParamName<Path>, string>, Query, Body>): Promise<Given>;
}

type WithParams<Path extends string> = [ParamName<Path>] extends [never]
  ? { params?: never }
  : { params: Record<ParamName<Path>, z.ZodType<string>> };

type KeysOf<T> = T extends unknown ? keyof T : never;

/**
 * What a handler gives, if its bodies have no field that the schema lacks. TypeScript refuses such fields in a literal only
 * where the type is stated beside it, which it is not in a function's return.
 */
type WithoutUndeclared<Specs extends AnswerSpecs, Given> = Given extends {
  status: infer Status extends keyof Specs;
  body: infer Body extends object;
}
  ? Specs[Status] extends { body: infer Schema extends z.ZodType }
    ? [Exclude<KeysOf<Body>, KeysOf<z.output<Schema>>>] extends [never]
      ? Given
      : { undeclared: Exclude<KeysOf<Body>, KeysOf<z.output<Schema>>> }
    : Given
  : Given;

/**
 * Gives a handler the types of its own schemas, and the table one type for all. A parameter of the path without a schema,
 * a status that is not declared, and a body with a field missing, wrong or undeclared do not compile.
 */
export const endpoint = <
  const Path extends string,
  Query,
  Body,
  const Specs extends AnswerSpecs,
  Given extends AnswerOf<NoInfer<Specs>>,
>(
  declared: Declared<Path, Query, Body, Specs, Given> &
    WithParams<Path> & { handle: (ask: never) => Promise<WithoutUndeclared<NoInfer<Specs>, NoInfer<Given>>> },
): Endpoint => declared;
