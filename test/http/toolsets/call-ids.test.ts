import { describe, expect, it } from "vitest";
import { countingGateways } from "../../support/gateways.ts";
import { BACKENDS } from "../../support/stores.ts";
import { openToolsets } from "../../support/toolsets.ts";

describe.each(BACKENDS)("a call id on $backend", ({ openBackend }) => {
  it("that is made up touches no gateway, whatever is asked of it", async () => {
    const { backend, calls } = countingGateways(openBackend());
    const registry = openToolsets({ backend });
    await registry.serve();
    const { body } = await registry.callTool();
    const id = body.call_id;
    const [random, proof] = id.split(".") as [string, string];
    const forged = [
      "x",
      random,
      `${random}.`,
      `.${proof}`,
      `${random}.${proof}.x`,
      `${random}x.${proof}`,
      `${random}.${proof.slice(0, -1)}${proof.endsWith("A") ? "B" : "A"}`,
      `${random}.${proof.slice(0, -1)}`,
    ];
    const paths = [...forged.map((made) => `tools/calls/${made}`), `none/calls/${id}`];
    calls.length = 0;
    for (const path of paths) {
      for (const [method, tail] of [
        ["GET", ""],
        ["GET", "?wait=1"],
        ["POST", "/cancel"],
      ] as const) {
        const { status, body: refusal } = await registry.call(method, `/v1/toolsets/${path}${tail}`);
        expect([status, refusal["code"]], path + tail).toEqual([404, "call_not_found"]);
      }
    }
    expect(calls).toEqual([]);
  });

  it("is good after its toolset has ended", async () => {
    const registry = openToolsets({ backend: openBackend() });
    const token = await registry.serve();
    const { body } = await registry.callTool({ text: "hello" });
    const [call] = await registry.calls(token);
    await registry.settle(token, call!, { result: { text: "HELLO" } });
    await registry.call("DELETE", "/v1/toolsets/tools", undefined, { "Lease-Token": token });
    const { status, body: found } = await registry.result(body);
    expect([status, found.result]).toEqual([200, { text: "HELLO" }]);
  });
});
