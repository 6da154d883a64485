import { expect, it } from "vitest";
import { eventList } from "../../src/dashboard/events.ts";
import type { EventView } from "../../src/dashboard/view.ts";
import { EVENT } from "./views.ts";

const textOf = (event: EventView): string =>
  eventList([event], event.at)
    .toString()
    .replaceAll(/<[^>]*>/g, " ")
    .replaceAll(/\s+/g, " ");

it("says whose key caused what an agent did not do itself", () => {
  const drained = { ...EVENT, type: "drain_requested" } as const;
  expect(textOf({ ...drained, actor: { type: "key", name: "operator" } })).toContain(
    "was asked to drain, by operator",
  );
  expect(textOf({ ...drained, actor: { type: "holder", name: "fleet" } })).not.toContain("fleet");
  expect(textOf({ ...drained, actor: { type: "registry" } })).not.toContain(", by");
});

it("says why, where the request did", () => {
  const drained = { ...EVENT, type: "drain_requested", actor: { type: "key", name: "ops" } } as const;
  expect(textOf({ ...drained, reason: "a new disk" })).toContain("was asked to drain, by ops: a new disk");
});

it("says from what to what a status changed, where that is known", () => {
  const changed = { ...EVENT, type: "status_changed", status: "busy" } as const;
  expect(textOf({ ...changed, from: "available" })).toContain("(available → busy)");
  expect(textOf(changed)).toContain("(busy)");
});
