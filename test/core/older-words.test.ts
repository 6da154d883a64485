import * as fc from "fast-check";
import * as z from "zod";
import { describe, expect, it } from "vitest";
import { check } from "../../src/core/check.ts";
import { Problem } from "../../src/core/problem.ts";
import { checkQuery } from "../../src/http/frame/query.ts";

const offer = z.strictObject({
  service: z.string(),
  circuit_breaker: z.strictObject({ failure_threshold: z.int().min(1) }).optional(),
});
const agent = z.strictObject({
  type: z.string(),
  current_load: z.number().min(0).default(0),
  max_concurrency: z.int().min(0).nullable().default(10),
  services: z.array(offer).default([]),
});
const one = z.strictObject({ service: z.string(), success: z.boolean() });
const report = z.union([one, z.strictObject({ outcomes: z.array(one) })]);

const orRefused = (result: unknown) => (result instanceof Problem ? "refused" : result);
const errorsOf = (result: unknown) => (result instanceof Problem ? result.options.errors : result);

describe("a body in an older system's words", () => {
  it.each([
    [{ component_type: "skill" }, { type: "skill" }],
    [
      { type: "a", load: 2 },
      { type: "a", current_load: 2 },
    ],
    [
      { type: "a", max_load: 5 },
      { type: "a", max_concurrency: 5 },
    ],
    [
      { type: "a", max_load: 0 },
      { type: "a", max_concurrency: null },
    ],
    [
      {
        component_type: "a",
        services: [{ service_type: "llm", circuit_breaker_config: { failure_threshold: 3 } }],
      },
      { type: "a", services: [{ service: "llm", circuit_breaker: { failure_threshold: 3 } }] },
    ],
  ])("%j is taken as %j", (theirs, ours) => {
    expect(check(agent, theirs)).toEqual(check(agent, ours));
    expect(check(agent, ours)).not.toBeInstanceOf(Problem);
  });

  it("is found in each branch of a union", () => {
    const theirs = { service_type: "llm", success: true };
    const ours = { service: "llm", success: true };
    expect(check(report, theirs)).toEqual(ours);
    expect(check(report, { outcomes: [theirs, ours] })).toEqual({ outcomes: [ours, ours] });
  });

  it.each([
    [{ type: "a", component_type: "a" }, "/component_type", 'is called "type" here, and both are sent'],
    [{ component_type: 5 }, "/component_type", "Invalid input: expected string, received number"],
    [{ type: "a", max_load: -1 }, "/max_load", "Too small: expected number to be >=0"],
    [
      { type: "a", last_heartbeat: "2026-01-01T00:00:00Z" },
      "/last_heartbeat",
      'is called "last_seen" here, and the registry notes it itself',
    ],
    [
      { type: "a", required_capabilities: ["a"] },
      "/required_capabilities",
      'is called "capability" here, a parameter of resolve and discover',
    ],
    [{ type: "a", service_type: "llm" }, "/service_type", "unknown field"],
    [{ type: "a", service: "llm", service_type: "llm" }, "/service", "unknown field"],
    [
      { type: "a", services: [{ service: "a", circuit_breaker_config: { failure_threshold: 0 } }] },
      "/services/0/circuit_breaker_config/failure_threshold",
      "Too small: expected number to be >=1",
    ],
    [
      { type: "a", services: [{ service: "a", circuit_breaker_config: { failure_threshold: 1, load: 1 } }] },
      "/services/0/circuit_breaker_config/load",
      "unknown field",
    ],
  ])("%j is refused at %s: %s", (body, pointer, detail) => {
    expect(errorsOf(check(agent, body))).toContainEqual({ pointer, detail });
  });

  it("means what it means in ours, whatever its values, and is left as it was", () => {
    const aLoad = fc.oneof(fc.double({ noNaN: true }), fc.string());
    const property = fc.property(fc.string(), aLoad, fc.string(), (type, load, service) => {
      const theirs = { component_type: type, load, services: [{ service_type: service }] };
      const before = structuredClone(theirs);
      const ours = { type, current_load: load, services: [{ service }] };
      expect(orRefused(check(agent, theirs))).toEqual(orRefused(check(agent, ours)));
      expect(theirs).toEqual(before);
    });
    fc.assert(property);
  });
});

describe("a query in an older system's words", () => {
  const schema = z.strictObject({
    type: z.string().max(3).optional(),
    capability: z.array(z.string().max(3)).optional(),
  });

  it("is taken as in ours", () => {
    expect(checkQuery(schema, "component_type=a&required_capabilities=b&required_capabilities=c")).toEqual({
      type: "a",
      capability: ["b", "c"],
    });
  });

  it.each([
    ["type=a&component_type=a", "/component_type", "unknown parameter; the known ones are type, capability"],
    ["component_type=a&component_type=b", "/component_type", "given more than once"],
    ["service_type=a", "/service_type", "unknown parameter; the known ones are type, capability"],
    ["component_type=long", "/component_type", "Too big: expected string to have <=3 characters"],
    [
      "required_capabilities=a&required_capabilities=long",
      "/required_capabilities/1",
      "Too big: expected string to have <=3 characters",
    ],
  ])("%s is refused at %s", (search, pointer, detail) => {
    expect(errorsOf(checkQuery(schema, search))).toEqual([{ pointer, detail }]);
  });
});
