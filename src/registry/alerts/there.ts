import type { Alert } from "../../core/alert.ts";
import type { Ref } from "../../core/entry.ts";
import type { Store } from "../../store/store.ts";
import { isNamed } from "../named.ts";

/**
 * Those of the alerts whose service, capability or toolset is there still: what nobody has any more is not well again. One round
 * trip each, side by side.
 */
export async function thoseThere(store: Store, alerts: readonly Alert[], now: number): Promise<Alert[]> {
  const there = await Promise.all(alerts.map((alert) => isThere(store, alert, now)));
  return alerts.filter((_alert, i) => there[i]);
}

async function isThere(store: Store, { kind, id }: Alert, now: number): Promise<boolean> {
  switch (kind) {
    case "namespace":
      return true;
    case "toolset": {
      const ref: Ref<"toolset"> = { kind: "toolset", id };
      const [snapshot] = await store.read([ref], now);
      return snapshot?.entry !== undefined;
    }
    case "service":
    case "capability":
      return isNamed(store, `${kind}:${id}`);
  }
}
