import { type Entry, isLive, type Kind } from "../../core/entry.ts";
import { type HeldLease, isHeld } from "../../core/holding.ts";
import { hubOf, type Hub } from "../../hub/hub.ts";
import type { Change, Store } from "../../store/store.ts";

/**
 * The store, with the hubs told of what is committed: an agent that is to drain hears of it on its socket, and the socket of a
 * registration that has ended is closed. Where a hub does not hear it, the agent does by its next word.
 */
export function tellingHubs(store: Store, hub: (name: string) => Hub): Store {
  async function tell({ before, after }: Change<Kind>, now: number): Promise<void> {
    const held = heldIn(before.entry);
    if (!held) return;
    const { id } = before.ref;
    const { fence } = before.entry!.document;
    if (after?.document.fence !== fence) await hub(hubOf(held.holder)).drop(id, fence, now);
    else if (after.draining !== before.entry!.draining)
      await hub(hubOf(held.holder)).tell(id, after.draining ? "drain" : "run", now);
  }
  return {
    ...store,
    async commit(changes, now) {
      const outcomes = await store.commit(changes, now);
      const committed = changes.filter((_, i) => outcomes[i] === "committed");
      await Promise.all(committed.map((change) => tell(change, now).catch(() => undefined)));
      return outcomes;
    },
  };
}

function heldIn(entry: Entry<Kind> | undefined): HeldLease | undefined {
  if (!entry || !("name" in entry.document.registration)) return undefined;
  const agent = entry as Entry;
  return isLive(agent) && isHeld(agent.lease) ? agent.lease : undefined;
}
