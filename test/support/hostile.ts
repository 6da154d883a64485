import * as fc from "fast-check";
import {
  aHeavyRewrite,
  aRewrite,
  HEADERS,
  IDS,
  KEYS,
  METHODS,
  PARAMETERS,
  PATHS,
  type Rewrite,
  UNKNOWN_PARAMETERS,
  VALUES,
} from "./hostile-values.ts";
import { RESIDENT } from "./samples.ts";
import { ECHO } from "./toolsets.ts";
import { fromSchema, type Json, type Schema } from "./json-schema.ts";

/** Requests that are wrong somewhere: right ones, as the OpenAPI document describes them, spoiled once or twice. */

export interface Operation {
  parameters: { name: string; in: string; schema: Schema }[];
  requestBody?: { content: { "application/json": { schema: Schema } } };
  responses: Record<string, unknown>;
}

export interface Attempt {
  method: string;
  /** As in the document, with {id} and {type} still to be filled in. */
  path: string;
  inPath: string;
  query: [name: string, value: string][];
  headers: Record<string, string>;
  body: Json | undefined;
  /** What is done to the body's text on its way out. */
  rewrites: Rewrite[];
}

type Spoil = (attempt: Attempt) => Attempt;

/** Stands for the lease token of the agent or toolset that the registry under attack holds. */
export const CURRENT_TOKEN = "@current-token";

/** Every place in a body, as the keys that lead to it. */
function placesIn(body: Json, path: (string | number)[] = []): (string | number)[][] {
  if (typeof body !== "object" || body === null) return [path];
  const inner = Array.isArray(body) ? [...body.entries()] : Object.entries(body);
  return [path, ...inner.flatMap(([key, value]) => placesIn(value, [...path, key]))];
}

/** The body with something else at one place; undefined removes what is there. */
function replaced(
  body: Json,
  path: (string | number)[],
  by: (old: Json) => Json | undefined,
): Json | undefined {
  const [key, ...rest] = path;
  if (key === undefined) return by(body);
  if (Array.isArray(body)) {
    const items = body.map((item, i) => (i === key ? replaced(item, rest, by) : item));
    return items.filter((item) => item !== undefined);
  }
  const fields = Object.entries(body as Record<string, Json>).flatMap(([name, value]): [string, Json][] => {
    const item = name === key ? replaced(value, rest, by) : value;
    return item === undefined ? [] : [[name, item]];
  });
  return Object.fromEntries(fields);
}

const withKey = (key: string, value: Json) => (old: Json) =>
  typeof old === "object" && old !== null && !Array.isArray(old)
    ? { ...old, [key]: value }
    : { [key]: value };

const inBody = fc
  .tuple(
    fc.nat(),
    fc.oneof(
      fc.constantFrom(...VALUES).map((value) => () => value),
      fc.constant(() => undefined),
      fc
        .tuple(fc.constantFrom(...KEYS), fc.constantFrom(...VALUES))
        .map(([key, value]) => withKey(key, value)),
    ),
  )
  .map(([at, by]): Spoil => (attempt) => {
    if (attempt.body === undefined) return attempt;
    const places = placesIn(attempt.body);
    return { ...attempt, body: replaced(attempt.body, places[at % places.length]!, by) };
  });

const onTheWay = fc
  .oneof({ arbitrary: aRewrite, weight: 60 }, { arbitrary: aHeavyRewrite, weight: 1 })
  .map((rewrite): Spoil => (attempt) => ({ ...attempt, rewrites: [...attempt.rewrites, rewrite] }));

const inQuery = fc
  .tuple(fc.nat(), fc.boolean(), fc.constantFrom(...PARAMETERS))
  .map(([at, twice, value]): Spoil => (attempt) => {
    const { query } = attempt;
    const name = query[at % query.length]?.[0] ?? "unknown";
    const rest = twice ? query : query.filter(([known]) => known !== name);
    return { ...attempt, query: [...rest, [name, value]] };
  });

/** Puts one of `values` where `into` says. */
const any = (values: readonly string[], into: (value: string, attempt: Attempt) => Partial<Attempt>) =>
  fc.constantFrom(...values).map((value): Spoil => (attempt) => ({ ...attempt, ...into(value, attempt) }));

const unknownParameter = any(UNKNOWN_PARAMETERS, (name, { query }) => ({ query: [...query, [name, "1"]] }));
const elsewhere = fc.oneof(
  any(IDS, (inPath) => ({ inPath })),
  any(METHODS, (method) => ({ method })),
  any(PATHS, (path) => ({ path })),
);
const inHeaders = fc.oneof(
  ...Object.entries(HEADERS).map(([name, values]) =>
    any(values, (value, { headers }) => ({ headers: { ...headers, [name]: value } })),
  ),
);

/** What lives where the path leads, as it stands in a URL. */
function namesIn(path: string): string[] {
  if (path.includes("{service}")) return [RESIDENT.service];
  const id = path.includes("{name}") ? RESIDENT.toolset : RESIDENT.id;
  return [encodeURIComponent(id), encodeURIComponent(id)];
}

/** Something of everything, for one operation of the document. */
export function anAttempt(method: string, path: string, operation: Operation): fc.Arbitrary<Attempt> {
  const inQueryOf = operation.parameters.filter((parameter) => parameter.in === "query");
  const schema = operation.requestBody?.content["application/json"].schema;
  const query = fc
    .subarray(inQueryOf)
    .chain((parameters) =>
      fc.tuple(
        ...parameters.map(({ name, schema: of }) =>
          fromSchema(of.type === "array" ? of.items! : of).map((value): [string, string] => [
            name,
            typeof value === "string" ? value : JSON.stringify(value),
          ]),
        ),
      ),
    );
  const spoils = [
    ...(schema ? [inBody, inBody, onTheWay, onTheWay] : []),
    ...(inQueryOf.length > 0 ? [inQuery, inQuery] : []),
    unknownParameter,
    elsewhere,
    inHeaders,
  ];
  return fc
    .record({
      body: schema ? fromSchema(schema) : fc.constant(undefined),
      query,
      inPath: fc.constantFrom(...namesIn(path), "nobody"),
      token: fc.constantFrom(CURRENT_TOKEN, CURRENT_TOKEN, undefined),
      spoils: fc.array(fc.oneof(...spoils), { minLength: 1, maxLength: 4 }),
    })
    .map(({ body, query: pairs, inPath, token, spoils: todo }) => {
      const attempt: Attempt = {
        method: method.toUpperCase(),
        path,
        inPath,
        query: pairs,
        headers: {
          ...(schema && { "Content-Type": "application/json" }),
          ...(token !== undefined && { "Lease-Token": token }),
        },
        body,
        rewrites: [],
      };
      return todo.reduce((spoiled, spoil) => spoil(spoiled), attempt);
    });
}

/** Whom an attempt is aimed at. */
export interface Aim {
  agentToken: string;
  toolsetToken: string;
  callId: string;
}

/** The attempt as it goes out. */
export function toRequest(attempt: Attempt, aim: Aim): { path: string; init: RequestInit } {
  const { method, path, inPath, query, headers, body, rewrites } = attempt;
  const search = query.map(([name, value]) => `${escaped(name)}=${escaped(value)}`).join("&");
  const currentToken = path.startsWith("/v1/toolsets") ? aim.toolsetToken : aim.agentToken;
  const token = headers["Lease-Token"] === CURRENT_TOKEN ? { "Lease-Token": currentToken } : {};
  let text: string | Uint8Array = body === undefined ? "" : JSON.stringify(body);
  for (const { apply } of rewrites) if (typeof text === "string") text = apply(text);
  const carries = method !== "GET" && (body !== undefined || rewrites.length > 0);
  return {
    path:
      path
        .replace("{tool}", ECHO.name)
        .replace("{call}", aim.callId)
        .replace(/\{\w+\}/, inPath) + (search === "" ? "" : `?${search}`),
    init: { method, headers: { ...headers, ...token }, ...(carries && { body: text }) },
  };
}

/** Leaves percent signs as they are, because broken escapes are part of the attack. */
const escaped = (text: string): string => text.replace(/[&#+\s\0]/g, (c) => encodeURIComponent(c));
