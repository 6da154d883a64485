import { DOCUMENTATION } from "../../src/http/documentation/index.ts";
import { EXAMPLES } from "../../src/http/examples.ts";
import { openApiDocument } from "../../src/http/frame/openapi/document.ts";
import { endpoints } from "../../src/http/routes.ts";

/** As much of OpenAPI as the tests read. */

type Json = Record<string, unknown>;

export interface Parameter {
  name: string;
  in: "path" | "query" | "header";
  required: boolean;
  description: string;
  schema: Json;
  example?: unknown;
}
export interface Content {
  schema: Json;
  example?: unknown;
}
export interface OpenApiResponse {
  description: string;
  headers?: Json;
  content?: Record<string, Content>;
}
export interface Operation {
  operationId: string;
  description: string;
  security?: Json[];
  parameters: Parameter[];
  requestBody?: { required: boolean; content: Record<string, Content> };
  responses: Record<string, OpenApiResponse>;
}
export interface OpenApi {
  openapi: string;
  paths: Record<string, Record<string, Operation>>;
  components: { schemas: Record<string, Json>; headers: Record<string, { schema: Json }> };
}

export interface Located {
  path: string;
  method: string;
  operation: Operation;
}

export const operationsOf = ({ paths }: OpenApi): Located[] =>
  Object.entries(paths).flatMap(([path, item]) =>
    Object.entries(item).map(([method, operation]) => ({ path, method, operation })),
  );

/** The document as scripts/assets.ts writes it. */
export const writtenDocument = (): OpenApi =>
  JSON.parse(JSON.stringify(openApiDocument(endpoints, DOCUMENTATION, EXAMPLES))) as OpenApi;

/** What a reference, `#/…`, points to. */
const targetOf = (document: object, reference: string): unknown =>
  reference
    .slice(2)
    .split("/")
    .reduce<unknown>((at, key) => (at as Json | undefined)?.[key], document);

/** A part of the document with each reference replaced by its target. */
export function inlined<T>(document: object, part: T): T {
  if (typeof part !== "object" || part === null) return part;
  if (Array.isArray(part)) return part.map((item: unknown) => inlined(document, item)) as T;
  const { $ref, ...rest } = part as Json;
  const fields = Object.entries(rest).map(([key, value]) => [key, inlined(document, value)]);
  const target = typeof $ref === "string" ? (inlined(document, targetOf(document, $ref)) as Json) : {};
  return { ...target, ...Object.fromEntries(fields) } as T;
}
