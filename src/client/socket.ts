import type { Clock } from "./clock.ts";

/** The part of the platform's WebSocket that is used here. */
export interface PlatformSocket {
  addEventListener(
    type: "message" | "error" | "close",
    listener: (event: { data?: unknown; code?: number }) => void,
  ): void;
  send(text: string): void;
  close(): void;
}

/**
 * The platform's WebSocket. Node.js 22 or newer, Deno and Bun send headers. A browser takes subprotocols instead of them, and
 * throws on headers.
 */
export type OpenSocket = new (
  url: string,
  options: { headers: Record<string, string> } | readonly string[],
) => PlatformSocket;

/** What is said on a socket, while it is open; afterwards it goes nowhere. */
export interface Line {
  send: (text: string) => void;
  /** Sends `ping`. If nothing comes within so many ms, the socket is closed. */
  ping: (withinMs: number) => void;
}

export interface Reader {
  /** Gets each text, but for the `pong` that answers a `ping`. If it throws, the socket is closed. */
  read: (text: string, line: Line) => void;
  /** How often to ping by a timer, ms. Absent: it is the reader that pings. */
  pingEveryMs?: number;
}

/** How long the first message may take; the registry says something at once. */
const FIRST_MS = 5000;
/** A connection that broke (RFC 6455, 7.1.5). */
const BROKEN = 1006;

/**
 * Reads from a WebSocket until it closes, or `signal` is aborted, which closes it.
 *
 * @returns the code with which it was closed; undefined: it did not open, or brought nothing within 5 s
 */
export function readSocket(
  clock: Clock,
  socket: PlatformSocket,
  { read, pingEveryMs }: Reader,
  signal: AbortSignal,
): Promise<number | undefined> {
  return new Promise((resolve) => {
    let isOpen = false;
    let isHeard = false;
    let isClosed = false;
    const close = (code: number) => {
      isClosed = true;
      clock.clearTimeout(timer);
      signal.removeEventListener("abort", leave);
      resolve(isOpen ? code : undefined);
      // Not waited for: the other end of a broken connection never confirms it.
      socket.close();
    };
    const leave = () => close(1000);
    const send = (text: string) => {
      try {
        if (!isClosed) socket.send(text);
      } catch {
        close(BROKEN);
      }
    };
    const ping = (withinMs: number) => {
      send("ping");
      // The answer to the ping before is still due.
      if (isClosed || !isHeard) return;
      isHeard = false;
      clock.clearTimeout(timer);
      timer = clock.setTimeout(listen, withinMs);
    };
    const listen = () => {
      if (!isHeard) return close(BROKEN);
      if (pingEveryMs !== undefined) ping(pingEveryMs);
    };
    let timer = clock.setTimeout(listen, FIRST_MS);
    socket.addEventListener("message", ({ data }) => {
      if (isClosed) return;
      isOpen = true;
      isHeard = true;
      if (data === "pong") return;
      try {
        read(String(data), { send, ping });
      } catch {
        close(BROKEN);
      }
    });
    socket.addEventListener("close", ({ code }) => close(code ?? BROKEN));
    // A refused handshake is no more than this on some platforms.
    socket.addEventListener("error", () => close(BROKEN));
    if (signal.aborted) leave();
    else signal.addEventListener("abort", leave);
  });
}
