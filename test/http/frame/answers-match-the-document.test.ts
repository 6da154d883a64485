import * as z from "zod";
import { describe, expect, it } from "vitest";
import { keyNeedOf } from "../../../src/http/frame/endpoint.ts";
import { endpoints } from "../../../src/http/routes.ts";
import { PROBLEMS } from "../../../src/core/problem.ts";
import { Registry } from "../../support/registry.ts";
import { answersOf, endpointOf, SAMPLES, sendSample, stage } from "../../support/samples.ts";
import { inlined, operationsOf, writtenDocument } from "../../support/openapi.ts";
import { BACKENDS } from "../../support/stores.ts";
import { openToolsets } from "../../support/toolsets.ts";

/** Every value under a key that says it is an instant. */
function instantsIn(value: unknown, key = ""): unknown[] {
  if (key === "metadata") return [];
  if (typeof value !== "object" || value === null) {
    return /_at$|^at$|^as_of$|^last_seen$|^timestamp$/.test(key) && value !== null ? [value] : [];
  }
  return Object.entries(value).flatMap(([inner, item]) => instantsIn(item, inner));
}

/** Metrics and an export are texts of other formats: ../operation/metrics.test.ts and export.test.ts parse them. */
const IN_JSON = SAMPLES.filter(({ operation }) => operation !== "metrics" && operation !== "exportAll");

describe.each(BACKENDS)("answers on $backend", ({ openBackend }) => {
  it.each(IN_JSON)("of $operation ($title) are what is declared", async (sample) => {
    const registry = new Registry({ backend: openBackend() });
    const setting = await stage(registry, sample);
    const { status, headers, text } = await sendSample(registry, sample, setting);

    const answers = answersOf(sample);
    expect(Object.keys(answers)).toContain(String(status));
    // A socket's hand-shake is the platform's.
    if (status === 101) return;
    expect(headers.get("X-Request-Id")).toBeTruthy();
    expect(headers.get("Server-Timing")).toMatch(/^total;dur=/);
    const type = text === "" ? /^$/ : /^application\/(?:mcp-server-card\+)?json(?:; charset=utf-8)?$/;
    expect(headers.get("Content-Type") ?? "").toMatch(type);
    const shape = answers[status]?.body ?? (text === "" ? z.undefined() : z.looseObject({}));
    const body: unknown = text === "" ? undefined : JSON.parse(text);
    // What a schema would default or drop must be there already, so the body is compared with what comes of it.
    expect(shape.parse(body)).toEqual(body);
    for (const instant of instantsIn(body)) expect(z.iso.datetime().safeParse(instant).success).toBe(true);
  });
});

describe("the samples", () => {
  it("leave no route out", () => {
    const sampled = new Set(SAMPLES.map(({ operation }) => operation));
    expect(endpoints.filter(({ operationId }) => !sampled.has(operationId))).toEqual([]);
  });

  it("leave no way of succeeding out", async () => {
    const seen = new Set<string>();
    for (const sample of SAMPLES) {
      const registry = new Registry();
      const { status } = await sendSample(registry, sample, await stage(registry, sample));
      seen.add(`${sample.operation} ${status}`);
    }
    const promised = endpoints.flatMap(({ operationId }) =>
      Object.keys(answersOf({ operation: operationId })).map((status) => `${operationId} ${status}`),
    );
    expect([...seen].toSorted()).toEqual(promised.toSorted());
  });
});

describe("the OpenAPI document", async () => {
  const registry = openToolsets();
  const document = writtenDocument();
  const operations = operationsOf(document);

  it("holds every endpoint, once", () => {
    const routes = endpoints.map(({ method, path }) => `${method} ${path.replace(/:(\w+)/g, "{$1}")}`);
    const described = operations.map(({ method, path }) => `${method.toUpperCase()} ${path}`);
    expect(described.toSorted()).toEqual(routes.toSorted());
    expect(new Set(endpoints.map(({ operationId }) => operationId)).size).toBe(endpoints.length);
  });

  it("names every operation as the table does", () => {
    for (const { path, method, operation } of operations) {
      const endpoint = endpointOf({ operation: operation.operationId });
      expect({
        path: endpoint.path.replace(/:(\w+)/g, "{$1}"),
        method: endpoint.method.toLowerCase(),
      }).toEqual({ path, method });
    }
  });

  it("declares each path's parameters, and no others", () => {
    for (const { path, operation } of operations) {
      const inPath = operation.parameters.filter((parameter) => parameter.in === "path");
      expect(inPath.map(({ name }) => `{${name}}`)).toEqual(path.match(/\{\w+\}/g) ?? []);
      expect(inPath.every(({ required }) => required)).toBe(true);
    }
  });

  it("declares each query parameter that the route knows", () => {
    for (const { operation } of operations) {
      const { query } = endpointOf({ operation: operation.operationId });
      const known = query instanceof z.ZodObject ? Object.keys(query.shape) : [];
      const declared = operation.parameters.filter((parameter) => parameter.in === "query");
      expect(declared.map(({ name }) => name)).toEqual(known);
      for (const { name, required } of declared) {
        const { success: optional } = (query as z.ZodObject).shape[name]!.safeParse(undefined);
        expect(required, `${operation.operationId} ${name}`).toBe(!optional);
      }
    }
  });

  it("says of every operation that reads or writes how a caller sees what it wrote", () => {
    for (const { operation } of operations) {
      const { operationId, parameters, responses } = operation;
      const isKeyless = keyNeedOf(endpointOf({ operation: operationId })) === "none";
      const isTaken = parameters.some(({ name }) => name === "X-Rollcall-Sync");
      const isGiven = Object.keys(answersOf({ operation: operationId })).map(
        (status) => "X-Rollcall-Sync" in responses[status]!.headers!,
      );
      expect([isTaken, ...isGiven], operationId).toEqual([isTaken, ...isGiven].map(() => !isKeyless));
    }
  });

  it("describes every field that a refusal may have", async () => {
    await registry.register({ id: "a", services: [{ service: "llm" }], status: "busy" });
    await registry.offer();
    const refusals = await Promise.all([
      registry.get("/v1/agents?limit=0"),
      registry.post("/v1/agents/nobody/heartbeat", {}),
      registry.get("/v1/services/llm/resolve"),
      registry.get("/v1/services/ready?service=llm&timeout=0"),
      registry.callTool(),
      new Registry({ env: { LIMITS: '{"agents":0}' } }).post("/v1/agents", { name: "a", type: "worker" }),
    ]);
    const seen = new Set(refusals.flatMap(({ body }) => Object.keys(body)));
    const { properties } = document.components.schemas["Problem"]!;
    expect([...seen].toSorted()).toEqual(Object.keys(properties as object).toSorted());
  });

  it("has a target for every reference", () => {
    const references = [...JSON.stringify(document).matchAll(/"\$ref":"([^"]+)"/g)].map(([, to]) => to!);
    expect(references.length).toBeGreaterThan(0);
    for (const reference of new Set(references)) {
      expect(reference.startsWith("#/"), reference).toBe(true);
      expect(inlined(document, { $ref: reference }), reference).not.toEqual({});
    }
  });

  it("describes every parameter", () => {
    const undescribed = operations.flatMap(({ operation: { operationId, parameters } }) =>
      parameters.filter(({ description }) => !description).map(({ name }) => `${operationId} ${name}`),
    );
    expect(undescribed).toEqual([]);
  });

  it.each([
    ["getAgent", 200, "Agent"],
    ["registerAgent", 201, "Registered"],
    ["getToolset", 200, "Toolset"],
    ["claimCalls", 200, "ClaimedMessages"],
    ["listAgents", 200, "AgentPage"],
  ])("names what %s answers", (operationId, status, name) => {
    const { operation } = operations.find((found) => found.operation.operationId === operationId)!;
    expect(operation.responses[status]?.content?.["application/json"]?.schema).toEqual({
      $ref: `#/components/schemas/${name}`,
    });
  });

  it("shows no answer's shape twice: what has a name is referred to", () => {
    const { Agent, ...others } = document.components.schemas;
    const fields = JSON.stringify(Agent!["properties"]);
    expect(fields).toContain("#/components/schemas/Capability");
    expect(JSON.stringify([document.paths, others])).not.toContain(fields);
  });

  it("leaves answers open to what later versions add, and says of requests what is refused", () => {
    const open = operations.map(({ operation: { responses } }) => inlined(document, responses));
    expect(JSON.stringify(open)).not.toContain('"additionalProperties":false');
    const { Registration, Heartbeat } = document.components.schemas;
    expect([Registration, Heartbeat]).toMatchObject([
      { additionalProperties: false },
      { additionalProperties: false },
    ]);
  });

  it("says of each refusal which codes it may have", () => {
    for (const { operation } of operations) {
      const { refusals, dialect = "problem" } = endpointOf({ operation: operation.operationId });
      for (const code of dialect === "problem" ? refusals : []) {
        const { content } = operation.responses[PROBLEMS[code].status]!;
        expect(JSON.stringify(content), operation.operationId).toContain(`"${code}"`);
      }
    }
  });

  it("declares each header that an answer has of its own, and no entity tag that none has", async () => {
    const [promised, tagged] = [new Set<string>(), new Set<string>()];
    const ofEveryAnswer =
      /^(access-control-.+|cache-control|content-type|server-timing|x-content-type-options|upgrade|connection|sec-websocket-.+)$/;
    for (const sample of SAMPLES) {
      const asked = new Registry();
      const { status, headers } = await sendSample(asked, sample, await stage(asked, sample));
      const { operation } = operations.find((found) => found.operation.operationId === sample.operation)!;
      const declared = Object.keys(operation.responses[status]!.headers!).map((name) => name.toLowerCase());
      const had = [...headers.keys()].filter((name) => !ofEveryAnswer.test(name));
      if (declared.includes("etag")) promised.add(sample.operation);
      if (had.includes("etag")) tagged.add(sample.operation);
      expect(declared, `${sample.operation} (${sample.title})`).toEqual(expect.arrayContaining(had));
    }
    expect([...promised].toSorted()).toEqual([...tagged].toSorted());
  });

  it("describes every answer and every refusal", () => {
    for (const { operation } of operations) {
      const sample = { operation: operation.operationId };
      const answers = answersOf(sample);
      const { refusals } = endpointOf(sample);
      const promised = [...Object.keys(answers), ...refusals.map((code) => String(PROBLEMS[code].status))];
      expect(Object.keys(operation.responses)).toEqual(expect.arrayContaining(promised));
      for (const [status, { body, lines }] of Object.entries(answers)) {
        expect(operation.responses[status]?.content !== undefined, operation.operationId).toBe(
          (body ?? lines) !== undefined,
        );
      }
    }
  });

  it("shows a body for every route that takes one, and for no other", () => {
    for (const { operation } of operations) {
      const endpoint = endpointOf({ operation: operation.operationId });
      expect(operation.requestBody !== undefined).toBe(endpoint.body !== undefined);
    }
  });
});
