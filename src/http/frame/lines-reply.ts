/** JSON values, one a line. */
export const LINES_TYPE = "application/x-ndjson";

/**
 * An answer of JSON values, one a line, made as fast as it is read: one part at a time is in memory. The first part is waited
 * for, so that what cannot begin is refused; where a later one fails the answer breaks off.
 */
export async function linesReply(parts: AsyncGenerator<readonly object[], void>): Promise<Response> {
  const encoder = new TextEncoder();
  let part = await parts.next();
  const body = new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        try {
          while (!part.done && part.value.length === 0) part = await parts.next();
        } catch {
          // Without its cause, which the platform would log.
          return controller.error(new Error("The rest could not be read."));
        }
        if (part.done) return controller.close();
        const text = part.value.map((line) => `${JSON.stringify(line)}\n`).join("");
        controller.enqueue(encoder.encode(text));
        part = { done: false, value: [] };
      },
      cancel() {
        void parts.return();
      },
    },
    { highWaterMark: 0 },
  );
  return new Response(body, { headers: { "Content-Type": LINES_TYPE } });
}
