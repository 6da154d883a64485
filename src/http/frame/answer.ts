import type * as z from "zod";
import type { Problem } from "../../core/problem.ts";
import type { AnswerSpecs } from "../documentation/documentation.ts";

interface Headed<Status> {
  status: Status;
  headers?: Record<string, string>;
  /** Why items of a batch were refused. */
  refused?: readonly Problem[];
}
/** An answer whose body is JSON of the declared schema. */
interface JsonAnswer<Status, Body> extends Headed<Status> {
  body: Body;
  /** A weak validator that the handler knows; by default one is made of the body. */
  etag?: string;
}
interface StreamAnswer<Status> extends Headed<Status> {
  raw: Response;
}
/** An answer without JSON: empty, a text of another type, or a complete Response (a stream or a socket). */
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

type KeysOf<T> = T extends unknown ? keyof T : never;

/**
 * The type of a handler's answers if their bodies have only fields of the schema, else a type that they do not have.
 * TypeScript itself refuses undeclared fields only in a literal whose type is stated, not in what a function returns.
 */
export type WithoutUndeclared<Specs extends AnswerSpecs, Given> = Given extends {
  status: infer Status extends keyof Specs;
  body: infer Body extends object;
}
  ? Specs[Status] extends { body: infer Schema extends z.ZodType }
    ? [Exclude<KeysOf<Body>, KeysOf<z.output<Schema>>>] extends [never]
      ? Given
      : { undeclared: Exclude<KeysOf<Body>, KeysOf<z.output<Schema>>> }
    : Given
  : Given;
