import { describe, expect, it } from "vitest";
import { registrationInput } from "../../../src/core/agents/agent.ts";

const read = (...services: unknown[]) =>
  registrationInput.safeParse({ name: "agent", type: "worker", services });

/** The one binding, as it is understood. */
const understood = (fields: Record<string, unknown>) =>
  read({ service: "llm", ...fields }).data?.services[0] as Record<string, unknown> | undefined;

/** Where the bindings are wrong, as pointers into the body. */
const wrongAt = (...services: unknown[]) =>
  (read(...services).error?.issues ?? []).map(({ path }) => path.map((part) => `/${String(part)}`).join(""));
const wrong = (fields: Record<string, unknown>) => wrongAt({ service: "llm", ...fields });

const BREAKER = { failure_threshold: 5, recovery_timeout: 60, success_threshold: 3, timeout_duration: 30 };

describe("a binding", () => {
  it("is for every handler, NORMAL, of group 0 and under fallback, unless it says otherwise [1-03, 1-12]", () => {
    expect(understood({})).toEqual({
      service: "llm",
      handler: "*",
      priority: 2,
      priority_group: 0,
      strategy: "fallback",
    });
  });

  it.each([
    ["CRITICAL", 0],
    ["HIGH", 1],
    ["NORMAL", 2],
    ["LOW", 3],
    ["FALLBACK", 9],
  ])("has the priority %s by name in any case, or as the number %i [1-01, 1-46]", (name, value) => {
    const title = name.charAt(0) + name.slice(1).toLowerCase();
    for (const said of [name, name.toLowerCase(), title, value])
      expect(understood({ priority: said })?.priority).toBe(value);
  });

  it.each([
    -1,
    4,
    5,
    6,
    7,
    8,
    10,
    1.5,
    NaN,
    Infinity,
    "",
    "URGENT",
    " HIGH",
    "HIGH ",
    "0",
    "9",
    true,
    null,
    ["HIGH"],
  ])("has no priority %j [1-01]", (priority) => {
    expect(wrong({ priority })).toEqual(["/services/0/priority"]);
  });

  it.each([
    ["fallback", "fallback"],
    ["FALLBACK", "fallback"],
    ["Round_Robin", "round_robin"],
    ["ROUND_ROBIN", "round_robin"],
  ])("has the strategy %s, whatever its case [1-02]", (said, strategy) => {
    expect(understood({ strategy: said })?.strategy).toBe(strategy);
  });

  it.each(["", "random", "round-robin", "roundrobin", "fallback ", 0, null])(
    "has no strategy %j [1-02]",
    (strategy) => {
      expect(wrong({ strategy })).toEqual(["/services/0/strategy"]);
    },
  );

  it.each([
    ["priority_group", 0, 1000],
    ["circuit_breaker.failure_threshold", 1, 1000],
    ["circuit_breaker.success_threshold", 1, 1000],
    ["circuit_breaker.recovery_timeout", 0, 86_400],
    ["circuit_breaker.timeout_duration", 0.001, 3600],
  ])("has a %s from %d through %d [1-29]", (field, least, most) => {
    const [outer, inner] = field.split(".") as [string, string | undefined];
    const said = (value: unknown) => ({ [outer]: inner === undefined ? value : { [inner]: value } });
    const pointer = `/services/0/${field.replace(".", "/")}`;
    for (const value of [least, most]) expect(wrong(said(value))).toEqual([]);
    for (const value of [least - 0.001, most + 1, String(least), null])
      expect(wrong(said(value))).toEqual([pointer]);
  });

  it.each(["failure_threshold", "success_threshold"])("counts its %s in whole numbers", (field) => {
    expect(wrong({ circuit_breaker: { [field]: 1.5 } })).toEqual([`/services/0/circuit_breaker/${field}`]);
  });

  it("has the breaker's defaults for what it does not say of it, and says nothing where it has none [1-29]", () => {
    expect(understood({ circuit_breaker: {} })?.circuit_breaker).toEqual(BREAKER);
    expect(understood({ circuit_breaker: { recovery_timeout: 0.5 } })?.circuit_breaker).toEqual({
      ...BREAKER,
      recovery_timeout: 0.5,
    });
    expect(understood({})).not.toHaveProperty("circuit_breaker");
  });

  it("has names that a key and a log line can carry", () => {
    for (const field of ["service", "handler"]) {
      for (const name of ["", "a\nb", "a\u001fb", "x".repeat(257)])
        expect(wrong({ [field]: name })).toEqual([`/services/0/${field}`]);
      expect(understood({ [field]: "x".repeat(256) })?.[field]).toBe("x".repeat(256));
    }
    expect(wrong({ capabilities: ["ok", ""] })).toEqual(["/services/0/capabilities/1"]);
  });

  it.each(["handlers", "provider", "circuit_breakers"])("has no field %s", (field) => {
    expect(read({ service: "llm", [field]: 1 }).error?.issues).toMatchObject([
      { code: "unrecognized_keys", path: ["services", 0], keys: [field] },
    ]);
  });

  it("names its service", () => {
    expect(wrongAt({ handler: "h" })).toEqual(["/services/0/service"]);
  });
});

describe("an agent's bindings", () => {
  it("are none, unless it says otherwise, and at most 100", () => {
    const many = (count: number) => Array.from({ length: count }, (_, n) => ({ service: `s${n}` }));
    expect(registrationInput.parse({ name: "agent", type: "worker" }).services).toEqual([]);
    expect(read(...many(100)).data?.services).toHaveLength(100);
    expect(wrongAt(...many(101))).toEqual(["/services"]);
  });

  it("offer a service to a handler once: a second is refused, with a pointer to it", () => {
    const llm = { service: "llm" };
    const h = { ...llm, handler: "h" };
    expect(wrongAt(llm, h, { service: "tts" }, { service: "tts", handler: "h" })).toEqual([]);
    expect(wrongAt(llm, { ...llm, priority: "LOW" })).toEqual(["/services/1"]);
    expect(wrongAt(llm, { ...llm, handler: "*" })).toEqual(["/services/1"]);
    expect(wrongAt(h, llm, h, h)).toEqual(["/services/2", "/services/3"]);
  });

  it("are told apart by service and handler, not by what the two make joined", () => {
    expect(wrongAt({ service: "a", handler: "b,c" }, { service: "a,b", handler: "c" })).toEqual([]);
    expect(wrongAt({ service: 'a","b', handler: "c" }, { service: "a", handler: 'b","c' })).toEqual([]);
  });
});
