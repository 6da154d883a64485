import { Validator } from "@cfworker/json-schema";
import { describe, expect, it } from "vitest";
import { inlined, operationsOf, writtenDocument } from "../../support/openapi.ts";
import { closeSocket, Registry } from "../../support/registry.ts";
import { BACKENDS } from "../../support/stores.ts";
import { exampleRequest, type Known, note, STORY } from "../../support/story.ts";

const document = writtenDocument();
const operations = operationsOf(document);

/** What is wrong with a value, by a schema of the document. */
const errorsOf = (schema: object, value: unknown) =>
  new Validator(inlined(document, schema), "2020-12", false).validate(value).errors;

describe("the examples of the document", () => {
  it("make one story, which leaves no operation out", () => {
    const ids = operations.map(({ operation }) => operation.operationId);
    expect([...new Set(STORY)].toSorted()).toEqual(ids.toSorted());
  });

  it("are there for every body, and for every parameter that has to be given", () => {
    for (const { operation } of operations) {
      const { operationId, parameters, requestBody } = operation;
      const missing = parameters.filter(({ required, example }) => required && example === undefined);
      expect(missing, operationId).toEqual([]);
      expect(
        requestBody === undefined || requestBody.content["application/json"]?.example !== undefined,
      ).toBe(true);
    }
  });

  it("show of each answer, and of each refusal, what fits its schema", () => {
    for (const { operation } of operations) {
      for (const [status, { content = {} }] of Object.entries(operation.responses)) {
        // An example of an export would be many lines.
        const shown = Object.entries(content).filter(
          ([type]) => type !== "application/x-ndjson" && type.endsWith("json"),
        );
        for (const [, { schema, example }] of shown)
          expect(errorsOf(schema, example), `${operation.operationId} ${status}`).toEqual([]);
      }
    }
  });
});

describe.each(BACKENDS)("the examples on $backend", ({ openBackend }) => {
  it("are sent one after the other, and each is answered as the document says", async () => {
    const registry = new Registry({ backend: openBackend() });
    const known: Known = new Map();
    for (const operationId of STORY) {
      const { operation, path, init } = exampleRequest(document, operationId, known);
      const response = await registry.fetch(path, init);
      closeSocket(response);
      const { status } = response;
      const text = await response.text();
      expect(status, `${operationId}: ${text}`).toBeLessThan(300);
      const declared = operation.responses[status]!;
      const schema = declared.content?.["application/json"]?.schema;
      if (!schema) continue;
      const body: unknown = JSON.parse(text);
      expect(errorsOf(schema, body), operationId).toEqual([]);
      note(known, body);
    }
  });
});
