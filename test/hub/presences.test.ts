import { runInDurableObject } from "cloudflare:test";
import { expect, it, vi } from "vitest";
import { Presences } from "../../src/hub/presences.ts";
import { redisBackend } from "../support/stores.ts";

const presenceOf = (id: string) => ({
  id,
  fence: "f",
  terms: { intervalSeconds: 30, ttlSeconds: 300 },
  state: { status: "available" as const, currentLoad: 0 },
  heardAt: 0,
  writtenAt: 0,
  owes: false,
});

it("know whether they are so many, also once some have gone, and without a list of all for each that comes", async () => {
  const stub = redisBackend().hubStub("default", "any-0");
  await runInDurableObject(stub, async (_, state) => {
    const presences = new Presences(state);
    const lists = vi.spyOn(state, "getWebSockets");
    const open = (id: string) => {
      const { 0: client, 1: server } = new WebSocketPair();
      presences.add(server, presenceOf(id));
      client.accept();
      return client;
    };
    expect(presences.areAtLeast(1)).toBe(false);
    const first = open("a");
    expect(presences.areAtLeast(2)).toBe(false);
    open("b");
    expect(presences.areAtLeast(3)).toBe(false);
    expect(lists).not.toHaveBeenCalled();
    expect(presences.areAtLeast(2)).toBe(true);
    first.close();
    await vi.waitFor(() => expect(presences.count()).toBe(1));
    expect(presences.areAtLeast(2)).toBe(false);
  });
});
