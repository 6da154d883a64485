import { describe, expect, it } from "vitest";
import { remote } from "../../src/durable/remote.ts";

interface Counter {
  add(by: number): Promise<number>;
}

const fail = (): never => {
  throw new Error("no answer");
};

describe("remote", () => {
  it("asks for a stub at each call, and at no other time", async () => {
    let stubs = 0;
    const counter = remote<Counter>(
      () => {
        const number = (stubs += 1);
        return { add: async (by: number) => number * 10 + by };
      },
      { add: true },
    );
    expect(stubs).toBe(0);
    expect([await counter.add(1), await counter.add(2)]).toEqual([11, 22]);
    expect(stubs).toBe(2);
  });

  it.each([
    ["the stub cannot be had", () => fail()],
    ["the method throws", () => ({ add: () => fail() })],
  ])("tells of an outage where %s", async (_, stub) => {
    const counter = remote<Counter>(stub, { add: true });
    await expect(counter.add(1)).rejects.toMatchObject({ code: "store_unavailable" });
  });
});
