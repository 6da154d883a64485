import { describe, expect, it } from "vitest";
import { storeUnavailable } from "../../../src/core/problem.ts";
import { tellSilent } from "../../../src/registry/agents/silent.ts";
import type { Store } from "../../../src/store/store.ts";
import { populate } from "../../support/populate.ts";
import { Registry } from "../../support/registry.ts";
import { BACKENDS } from "../../support/stores.ts";
import { storeAlone } from "../../support/sweep.ts";

/** As many as are marked at once, and one. */
const SIZE = 501;

describe.each(BACKENDS)("telling of the silent on $backend, where the store fails", ({ openBackend }) => {
  async function silent() {
    const registry = new Registry({ backend: openBackend() });
    await populate(registry, SIZE);
    await registry.pass(60_001);
    const store = registry.backend.open("default");
    const tell = (over: Store) => tellSilent(storeAlone(over, registry.now), 60_000, registry.now);
    /** The same store, that answers so many times. */
    const answering = (times: number): Store => {
      let left = times;
      const read: Store["read"] = (refs, now) =>
        (left -= 1) < 0 ? Promise.reject(storeUnavailable("test", new Error("out"))) : store.read(refs, now);
      return { ...store, read };
    };
    return { store, tell, answering };
  }

  it("gives those it has marked, and another run gives the others", async () => {
    const { store, tell, answering } = await silent();
    const first = await tell(answering(1));
    expect(first).toMatchObject({ marked: { length: SIZE - 1 }, complete: false });
    const second = await tell(store);
    expect(second).toMatchObject({ marked: { length: 1 }, complete: true });
    expect(new Set([...first.marked, ...second.marked]).size).toBe(SIZE);
  });

  it("fails as the store does where it has marked nobody", async () => {
    const { store, tell, answering } = await silent();
    await expect(tell(answering(0))).rejects.toMatchObject({ code: "store_unavailable" });
    expect((await tell(store)).marked).toHaveLength(SIZE);
  });
});
