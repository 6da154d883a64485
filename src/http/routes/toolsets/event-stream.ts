import type { CallEvent } from "../../../registry/toolsets/result.ts";

/** The number of the event that a reader had last; -1: none. */
export function lastEventId(headers: Headers): number {
  const last = headers.get("Last-Event-ID");
  return last !== null && /^\d{1,9}$/.test(last) ? Number(last) : -1;
}

/**
 * A call's life as server-sent events. Each has a number, so that a reader that was cut off goes on where it was.
 *
 * @param withInit begins with the event `init`, number 0
 */
export function eventStream(events: AsyncGenerator<CallEvent, void>, withInit: boolean): Response {
  const encoder = new TextEncoder();
  let initIsDue = withInit;
  const body = new ReadableStream<Uint8Array>({
    // Called when the reader has room for more.
    async pull(controller) {
      if (initIsDue) {
        initIsDue = false;
        return controller.enqueue(encoder.encode(eventText(0, "init", {})));
      }
      const { value, done } = await events.next();
      if (done) return controller.close();
      controller.enqueue(encoder.encode(textOf(value)));
    },
    cancel() {
      // Not awaited: a wait that has begun may last, and is given up when it is over.
      void events.return();
    },
  });
  return new Response(body, {
    headers: { "Content-Type": "text/event-stream", "Cache-Control": "no-store" },
  });
}

function textOf(event: CallEvent): string {
  switch (event.type) {
    case "delta": {
      const { seq, toolUseId, stream, delta } = event;
      return eventText(seq, "output_delta", { tool_use_id: toolUseId, stream, delta });
    }
    case "settled":
      return eventText(event.seq, "result", { tool_use_id: event.toolUseId, ...event.outcome });
    case "waited":
      return event.quiet ? ": still here\n\n" : ": more\n\n";
  }
}

const eventText = (id: number, type: string, data: unknown): string =>
  `id: ${id}\nevent: ${type}\ndata: ${JSON.stringify(data)}\n\n`;
