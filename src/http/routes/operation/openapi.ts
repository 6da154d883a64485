import { EXAMPLES } from "../../examples.ts";
import * as shapes from "../../answers/index.ts";
import { endpoint, type Endpoint } from "../../frame/endpoint.ts";
import { matchesEtag, weakEtag } from "../../frame/etag.ts";
import { openApiDocument } from "../../frame/openapi/document.ts";

/** @param table gives all endpoints, this one included */
export function openApiEndpoint(table: () => readonly Endpoint[]): Endpoint {
  let made: { document: Record<string, unknown>; ETag: string } | undefined;
  return endpoint({
    method: "GET",
    path: "/openapi.json",
    operationId: "openapi",
    summary: "This document",
    group: "operation",
    scope: null,
    answers: {
      200: { description: "OpenAPI 3.1", body: shapes.openApi },
      304: { description: "The asker has it already" },
    },
    refusals: [],
    async handle({ headers: sent }) {
      if (!made) {
        const document = openApiDocument(table(), EXAMPLES);
        made = { document, ETag: await weakEtag(document) };
      }
      const { document, ETag } = made;
      const headers = { ETag, "Cache-Control": "no-cache" };
      if (matchesEtag(sent.get("If-None-Match") ?? undefined, ETag)) return { status: 304, headers };
      return { status: 200, headers, body: document };
    },
  });
}
