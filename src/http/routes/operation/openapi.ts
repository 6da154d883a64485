import * as shapes from "../../answers/index.ts";
import { endpoint, type Endpoint } from "../../frame/endpoint.ts";
import { openApiDocument } from "../../frame/openapi.ts";

/** @param table gives all endpoints, this one included */
export function openApiEndpoint(table: () => readonly Endpoint[]): Endpoint {
  let document: Record<string, unknown> | undefined;
  return endpoint({
    method: "GET",
    path: "/openapi.json",
    operationId: "openapi",
    summary: "This document",
    group: "operation",
    scope: "read",
    answers: { 200: { description: "OpenAPI 3.1", body: shapes.openApi } },
    refusals: [],
    handle: async () => ({ status: 200, body: (document ??= openApiDocument(table())) }),
  });
}
