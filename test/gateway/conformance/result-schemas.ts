import { describe, expect, it } from "vitest";
import { epochOf, type OpenGateway } from "../../support/tool-gateway.ts";

export function keepsResultSchemas(open: OpenGateway): void {
  const schema = (n: number) => ({ hash: `hash-${n}`, json: JSON.stringify({ title: n }) });

  describe("the schema that a call's result is held to", () => {
    it("is named by the call's claims, and kept while the call is in hand", async () => {
      const opened = open();
      await opened.call("a", { resultSchema: schema(1) });
      await opened.evict();
      const { claim_id } = await opened.take();
      expect(claim_id).toMatch(/^[\w-]{36}\.hash-1$/);
      expect(await opened.gateway.resultSchema("hash-1")).toBe(schema(1).json);
      expect(await opened.gateway.resultSchema("hash-2")).toBeUndefined();
    });

    it("is one of at most 400, and of those calls that are in hand", async () => {
      const opened = open();
      await opened.call("first", { resultSchema: schema(0) });
      await opened.take();
      const others = Array.from({ length: 399 }, (_, i) => i + 1);
      await Promise.all(others.map((n) => opened.call(`call-${n}`, { resultSchema: schema(n) })));
      await Promise.all(others.map((n) => opened.gateway.cancel(`call-${n}`, opened.now)));
      expect(await opened.gateway.resultSchema("hash-1")).toBe(schema(1).json);
      await opened.call("last", { resultSchema: schema(400) });
      expect(await opened.gateway.resultSchema("hash-0")).toBe(schema(0).json);
      expect(await opened.gateway.resultSchema("hash-1")).toBeUndefined();
      expect(await opened.gateway.resultSchema("hash-400")).toBe(schema(400).json);
    });

    it("goes with the registration", async () => {
      const opened = open();
      await opened.call("a", { resultSchema: schema(1) });
      await opened.gateway.open(epochOf(2), opened.now);
      expect(await opened.gateway.resultSchema("hash-1")).toBeUndefined();
    });
  });
}
