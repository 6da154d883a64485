import { assert, asyncProperty, bigInt } from "fast-check";
import { describe, expect, it } from "vitest";
import { readJson } from "../../../src/http/frame/json.ts";
import { Problem } from "../../../src/core/problem.ts";
import { Registry } from "../../support/registry.ts";

const read = (body: string) =>
  readJson(new Request("http://localhost", { method: "POST", body }), false).catch(
    (problem: unknown) => problem,
  );

/** Registers with this text as the value of `metadata.n`. */
async function registerWith(literal: string) {
  const registry = new Registry();
  const response = await registry.fetch("/v1/agents", {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: `{"id":"a","name":"a","type":"t","metadata":{"list":[1,{"n":${literal}}]}}`,
  });
  return { status: response.status, body: await response.json<{ errors?: { pointer: string }[] }>() };
}

describe("a number arrives as it was sent, or is refused with its pointer:", () => {
  it.each([
    "9007199254740993",
    "-9007199254740993",
    "12345678901234567890123",
    "1e400",
    "-1e400",
    "1E+309",
    `1${"0".repeat(309)}`,
  ])("%s is refused", async (literal) => {
    const { status, body } = await registerWith(literal);
    expect(status).toBe(400);
    expect(body.errors).toMatchObject([{ pointer: "/metadata/list/1/n" }]);
  });

  it.each([
    "9007199254740991",
    "9007199254740992",
    "0.1",
    "1e23",
    "-0",
    "1e-400",
    "100000000000000000000000",
    "0.30000000000000004",
    "1.7976931348623157e308",
  ])("%s is taken", async (literal) => {
    expect((await registerWith(literal)).status).toBe(201);
  });

  it("looks at numbers alone, not at digits in texts and names", async () => {
    const body = '{"9007199254740993":"9007199254740993","e400":"1e400"}';
    expect(await read(body)).toEqual(JSON.parse(body));
  });

  it("takes an integer exactly when the nearest double reads as the digits sent", async () => {
    await assert(
      asyncProperty(bigInt({ min: -(10n ** 25n), max: 10n ** 25n }), async (integer) => {
        const got = await read(`{"n":${integer}}`);
        const double = Number(integer);
        const asSent = double.toLocaleString("fullwide", { useGrouping: false }) === String(integer);
        expect(got instanceof Problem ? "refused" : got).toEqual(asSent ? { n: double } : "refused");
      }),
    );
  });
});
