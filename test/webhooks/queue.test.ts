import { describe, expect, it } from "vitest";
import type { EventRecord } from "../../src/registry/events.ts";
import { Queue, QUEUED_MAX } from "../../src/webhooks/queue.ts";
import { START } from "../support/start.ts";
import { Hooked } from "../support/webhooks.ts";

const eventOf = (number: number): EventRecord => ({
  type: "registered",
  kind: "agent",
  id: `agent/${number}`,
  at: START + number,
  revision: number,
  nonce: "1",
});
const events = (from: number, count: number) => Array.from({ length: count }, (_, i) => eventOf(from + i));
const show = ({ id }: EventRecord) => ({ id });

/** What waits, as the receiver would have it. */
function drain(queue: Queue, id: string) {
  const messages: { type: string; timestamp: string; data: Record<string, unknown> }[] = [];
  for (let first = queue.first(id); first; first = queue.first(id)) {
    messages.push(JSON.parse(first.body) as (typeof messages)[number]);
    queue.drop(id, first.number);
  }
  return messages;
}

describe("a queue of webhooks", () => {
  it("holds 10,000; what came after is counted in a message of its own, in its place", async () => {
    const messages = await new Hooked().storage(({ sql }) => {
      const queue = new Queue(sql);
      queue.addEvents("full", events(0, QUEUED_MAX + 2), show);
      queue.addEvents("full", events(QUEUED_MAX + 2, 3), show);
      queue.addEvents("other", events(0, 1), show);
      const count = queue.count("full");
      for (let taken = 0; taken < 5; taken += 1) queue.drop("full", queue.first("full")!.number);
      // There is room for four: the message takes the place of one.
      queue.addEvents("full", events(QUEUED_MAX + 5, 5), show);
      return { count, full: drain(queue, "full"), other: drain(queue, "other"), left: queue.count("full") };
    });
    expect(messages.count).toBe(QUEUED_MAX + 1);
    const isoTime = (number: number) => new Date(START + number).toISOString();
    expect(messages.full.slice(QUEUED_MAX - 6)).toEqual([
      { type: "registered", timestamp: isoTime(QUEUED_MAX - 1), data: { id: `agent/${QUEUED_MAX - 1}` } },
      {
        type: "events_missed",
        timestamp: isoTime(QUEUED_MAX + 4),
        data: { reason: "queue_full", count: 5, until: isoTime(QUEUED_MAX + 4) },
      },
      ...[5, 6, 7, 8].map((i) => ({
        type: "registered",
        timestamp: isoTime(QUEUED_MAX + i),
        data: { id: `agent/${QUEUED_MAX + i}` },
      })),
      {
        type: "events_missed",
        timestamp: isoTime(QUEUED_MAX + 9),
        data: { reason: "queue_full", count: 1, until: isoTime(QUEUED_MAX + 9) },
      },
    ]);
    expect(messages.other).toHaveLength(1);
    expect(messages.left).toBe(0);
  });
});
