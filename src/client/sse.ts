export interface ServerSentEvent {
  /** "" where none was given. */
  id: string;
  event: string;
  data: string;
}

/**
 * Reads a stream of server-sent events (HTML standard, 9.2.6), however it is cut into pieces. Lines end in LF or CRLF; the
 * standard's lone CR nobody sends.
 *
 * @param alive  called with every piece, be there an event in it or not
 */
export async function* serverSentEvents(
  body: ReadableStream<Uint8Array>,
  alive: () => void = () => {},
): AsyncGenerator<ServerSentEvent, void> {
  const reader = body.getReader();
  const decoder = new TextDecoder();
  let text = "";
  let fields = new Map<string, string[]>();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      alive();
      text += decoder.decode(value, { stream: true });
      const lines = text.split(/\r?\n/);
      text = lines.pop()!;
      for (const line of lines) {
        if (line === "") {
          const event = eventOf(fields);
          fields = new Map();
          if (event) yield event;
          continue;
        }
        const [, name = "", content = ""] = /^([^:]*)(?:: ?(.*))?$/s.exec(line)!;
        fields.set(name, [...(fields.get(name) ?? []), content]);
      }
    }
  } finally {
    // Whoever stops listening lets the connection go.
    await reader.cancel().catch(() => undefined);
  }
}

function eventOf(fields: Map<string, string[]>): ServerSentEvent | undefined {
  const data = fields.get("data");
  if (!data) return undefined;
  const last = (name: string) => fields.get(name)?.at(-1);
  return { id: last("id") ?? "", event: last("event") ?? "message", data: data.join("\n") };
}
