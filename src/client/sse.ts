export interface ServerSentEvent {
  /** "" if the event has none. */
  id: string;
  event: string;
  data: string;
}

/**
 * Reads a stream of server-sent events (HTML standard, 9.2.6). Lines end in LF or CRLF; a lone CR, which the standard also
 * allows, is not supported. An event that is incomplete when the stream ends is dropped.
 *
 * @param alive  called with every chunk, even if it completes no event
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
    // Closes the connection when the reader stops early.
    await reader.cancel().catch(() => undefined);
  }
}

function eventOf(fields: Map<string, string[]>): ServerSentEvent | undefined {
  const data = fields.get("data");
  if (!data) return undefined;
  const last = (name: string) => fields.get(name)?.at(-1);
  return { id: last("id") ?? "", event: last("event") ?? "message", data: data.join("\n") };
}
