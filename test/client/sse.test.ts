import * as fc from "fast-check";
import { expect, it } from "vitest";
import { type ServerSentEvent, serverSentEvents } from "../../src/client/sse.ts";

/** A body that arrives in pieces of these sizes. */
const inPieces = (bytes: Uint8Array, sizes: readonly number[]) =>
  new ReadableStream<Uint8Array>({
    start(controller) {
      let at = 0;
      for (const size of [...sizes, bytes.length]) {
        const piece = bytes.slice(at, at + size);
        if (piece.length > 0) controller.enqueue(piece);
        at += size;
      }
      controller.close();
    },
  });

async function read(text: string, sizes: readonly number[] = []): Promise<ServerSentEvent[]> {
  const events: ServerSentEvent[] = [];
  for await (const event of serverSentEvents(inPieces(new TextEncoder().encode(text), sizes)))
    events.push(event);
  return events;
}

it("reads the same events however the stream is cut, whatever ends its lines", async () => {
  const line = fc.string({ unit: "grapheme" }).map((text) => text.replaceAll(/[\r\n]/g, " "));
  const event = fc.record({
    id: fc.nat().map(String),
    event: fc.constantFrom("init", "output_delta", "result"),
    data: fc.array(line, { minLength: 1, maxLength: 3 }).map((lines) => lines.join("\n")),
  });
  await fc.assert(
    fc.asyncProperty(
      fc.array(event, { maxLength: 5 }),
      fc.constantFrom("\n", "\r\n"),
      fc.array(fc.integer({ min: 1, max: 12 }), { maxLength: 60 }),
      async (events, end, sizes) => {
        const written = events.flatMap(({ id, event: type, data }) => [
          ": still here",
          `id: ${id}`,
          `event: ${type}`,
          ...data.split("\n").map((part) => `data: ${part}`),
          "",
        ]);
        expect(await read([...written, ""].join(end), sizes)).toEqual(events);
      },
    ),
  );
});

it("drops comments, and an event that is incomplete when the stream ends", async () => {
  expect(await read(": still here\n\nid: 1\nevent: init\ndata: {}\n\nid: 2\nevent: result\ndata: {")).toEqual(
    [{ id: "1", event: "init", data: "{}" }],
  );
});

it("cancels the stream when its reader stops", async () => {
  let cancelled = false;
  const body = new ReadableStream<Uint8Array>({
    pull: (controller) => controller.enqueue(new TextEncoder().encode("data: 1\n\n")),
    cancel: () => void (cancelled = true),
  });
  for await (const { data } of serverSentEvents(body)) {
    expect(data).toBe("1");
    break;
  }
  expect(cancelled).toBe(true);
});
