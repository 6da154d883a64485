import { evictDurableObject, runInDurableObject } from "cloudflare:test";
import { describe, expect, it } from "vitest";
import { sizeBytes } from "../../../src/core/agents/agent.ts";
import { KEPT_CHARS_MAX } from "../../../src/core/toolsets/call.ts";
import { reachableGateways } from "../../support/gateways.ts";
import { BACKENDS } from "../../support/stores.ts";
import { openToolsets } from "../../support/toolsets.ts";

// Written out, not imported: a limit that somebody moves must be seen to move.
const RESULT_BYTES_MAX = 1_048_576;

describe.each(BACKENDS)("a toolset's calls, $backend", ({ openBackend }) => {
  it("are refused while what is kept of others takes all the room there is, and taken again when that is gone", async () => {
    const { backend, stubOf } = reachableGateways(openBackend());
    const registry = openToolsets({ backend });
    await registry.serve();
    const before = await registry.callTool();
    await runInDurableObject(stubOf(), (_, { storage }) => {
      storage.sql.exec("UPDATE call SET chars = ?", KEPT_CHARS_MAX);
    });
    await evictDurableObject(stubOf());
    const refused = await registry.callTool();
    expect([refused.status, refused.body.code, refused.headers.get("Retry-After")]).toEqual([
      429,
      "queue_full",
      "1",
    ]);
    expect((await registry.result(before.body)).body.status).toBe("pending");

    await registry.pass(300_001);
    await registry.attach(await registry.offer());
    expect((await registry.callTool()).status).toBe(202);
  });

  it("send more than one look at a stream takes along, whole and in order", async () => {
    const registry = openToolsets({ backend: openBackend() });
    const token = await registry.serve();
    const { body: taken } = await registry.callTool();
    const [call] = await registry.calls(token);
    const pieces = ["a", "b", "c", "d", "e"].map((letter) => letter.repeat(200_000));
    for (const piece of pieces) expect((await registry.delta(token, call!, piece)).status).toBe(200);
    await registry.settle(token, call!, { result: { text: "" } });
    const events = await registry.stream(taken);
    expect(events.map(({ event }) => event)).toEqual(["init", ...pieces.map(() => "output_delta"), "result"]);
    expect(events.slice(1, -1).map(({ data }) => data["delta"])).toEqual(pieces);
  });

  it("are answered in 1 MiB, whole, and in no more", async () => {
    const registry = openToolsets({ backend: openBackend() });
    const token = await registry.serve();
    const { body: taken } = await registry.callTool();
    const [call] = await registry.calls(token);
    const answer = (text: string) => ({ result: { text: "" }, server_data: [{ text }] });
    const room = RESULT_BYTES_MAX - sizeBytes({ claim_id: call!.claim_id, ...answer("") });
    const refused = await registry.settle(token, call!, answer("x".repeat(room + 1)));
    expect([refused.status, refused.body.code]).toEqual([413, "payload_too_large"]);
    const picture = "x".repeat(room);
    expect((await registry.settle(token, call!, answer(picture))).status).toBe(200);
    expect((await registry.result(taken)).body).toMatchObject({ server_data: [{ text: picture }] });
  });

  it("are answered in no more than is kept: 1e20 is kept with all its digits", async () => {
    const registry = openToolsets({ backend: openBackend() });
    const token = await registry.serve();
    await registry.callTool();
    const [call] = await registry.calls(token);
    const { call_id, claim_id } = call!;
    const numbers = Array.from({ length: 100_000 }, () => "1e20").join();
    const body = `{"claim_id":"${claim_id}","result":{"text":""},"bounds":{"numbers":[${numbers}]}}`;
    const path = `/v1/toolsets/tools/calls/${call_id}/result`;
    const headers = { "Content-Type": "application/json", "Lease-Token": token };
    const { status } = await registry.fetch(path, { method: "POST", body, headers });
    expect(status).toBe(413);
    expect((await registry.settle(token, call!, { result: { text: "" } })).status).toBe(200);
  });

  it("send nothing that is not text: half a character is refused, and the claim stands", async () => {
    const registry = openToolsets({ backend: openBackend() });
    const token = await registry.serve();
    await registry.callTool();
    const [call] = await registry.calls(token);
    const refused = await registry.delta(token, call!, "\ud83d");
    expect(refused.status).toBe(400);
    expect(refused.body.errors).toEqual([{ pointer: "/delta", detail: "must be well-formed Unicode" }]);
    expect((await registry.delta(token, call!, "😀")).status).toBe(200);
  });

  it("go to tools that there are: whatever else stands in the path is not found", async () => {
    const registry = openToolsets({ backend: openBackend() });
    await registry.serve();
    for (const tool of ["my tool", "-", "__proto__", "constructor"]) {
      const { status, body } = await registry.callTool({}, {}, { tool });
      expect([status, body.code]).toEqual([404, "tool_not_found"]);
    }
  });
});
