import type { Endpoint } from "../../frame/endpoint.ts";
import { endpoint } from "../../frame/loose.ts";
import { openApiDocument } from "../../frame/openapi.ts";

/** Describes the table that it is part of, once asked for. */
export function openApiEndpoint(table: () => readonly Endpoint[]): Endpoint {
  let document: unknown;
  return endpoint({
    method: "GET",
    path: "/openapi.json",
    operationId: "openapi",
    summary: "This document",
    scope: "read",
    answers: { 200: { description: "OpenAPI 3.1" } },
    refusals: [],
    handle: async () => ({ status: 200, body: (document ??= openApiDocument(table())) }),
  });
}
