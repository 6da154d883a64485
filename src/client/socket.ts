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

/** Node.js 22 or newer, Deno and Bun send the headers. A browser, which cannot, throws. */
export type OpenSocket = new (url: string, options: { headers: Record<string, string> }) => PlatformSocket;

/** How long the first message may take; the registry sends a ping at once. */
const FIRST_MS = 5000;
/** How often the other end has to say something, if only the `pong` that answers this end's `ping`. */
const HEARD_EVERY_MS = 15_000;
/** A connection that broke (RFC 6455, 7.1.5). */
const BROKEN = 1006;

/**
 * Opens a WebSocket and reads from it until it closes.
 *
 * @param read   gets each text, but for the other end's `pong`; if it throws, the socket is closed
 * @returns      the code with which it was closed; undefined: none opened, or it brought nothing
 */
export function readSocket(
  clock: Clock,
  open: () => PlatformSocket,
  read: (text: string) => void,
  signal: AbortSignal,
): Promise<number | undefined> {
  return new Promise((resolve) => {
    let socket: PlatformSocket;
    try {
      socket = open();
    } catch {
      return resolve(undefined);
    }
    let isOpen = false;
    let isHeard = false;
    const close = (code: number) => {
      clock.clearTimeout(timer);
      signal.removeEventListener("abort", leave);
      resolve(isOpen ? code : undefined);
      // Not waited for: the other end of a broken connection never confirms it.
      socket.close();
    };
    const leave = () => close(1000);
    const listen = () => {
      if (!isHeard) return close(BROKEN);
      isHeard = false;
      timer = clock.setTimeout(listen, HEARD_EVERY_MS);
      socket.send("ping");
    };
    let timer = clock.setTimeout(listen, FIRST_MS);
    socket.addEventListener("message", ({ data }) => {
      if (signal.aborted) return;
      isOpen = true;
      isHeard = true;
      if (data === "pong") return;
      try {
        read(String(data));
      } catch {
        close(BROKEN);
      }
    });
    socket.addEventListener("close", ({ code }) => close(code ?? BROKEN));
    // A refused handshake is no more than this on some platforms.
    socket.addEventListener("error", () => close(BROKEN));
    signal.addEventListener("abort", leave);
  });
}
