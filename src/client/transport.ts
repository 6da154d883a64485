import type { Clock } from "./clock.ts";
import { withoutCredentials } from "./credentials.ts";
import type { ClientOptions, ReadOptions, RegisterOptions } from "./options.ts";
import { problemOf, RollcallError } from "./problem.ts";
import type { OpenSocket, PlatformSocket } from "./socket.ts";

export type Query = Record<string, string | number | boolean | readonly string[] | null | undefined>;

export interface RequestParts extends RegisterOptions, ReadOptions {
  /** A list repeats its parameter; null and undefined are left out. */
  query?: Query;
  /** Sent as JSON. */
  body?: unknown;
  /** Sent as they are, in place of `body`: JSON values, one a line. */
  lines?: readonly string[];
  headers?: Record<string, string>;
}

/** Sends each request once. */
export interface Transport {
  /**
   * Resolves to the answer's JSON; undefined where the answer is empty.
   *
   * @throws {RollcallError} or the signal's reason
   */
  send: <T>(method: string, path: string, parts?: RequestParts) => Promise<T>;
  /** A GET. @throws as `send` */
  read: <T>(path: string, parts?: RequestParts) => Promise<T>;
  /**
   * Hands the answer to `read` as it arrives.
   *
   * @param read  calls `alive` when something has arrived, which restarts the timeout
   * @throws {RollcallError} what `read` throws, or the signal's reason
   */
  stream: <T>(
    path: string,
    parts: RequestParts,
    read: (response: Response, alive: () => void) => Promise<T>,
  ) => Promise<T>;
  /**
   * Begins to open a WebSocket. Absent where the platform has none.
   *
   * @param offered  the subprotocols that say what the headers say, for a platform that sends none
   * @returns undefined where the platform cannot send what is to be sent
   */
  openSocket?: (
    path: string,
    parts: Pick<RequestParts, "query" | "leaseToken">,
    offered?: readonly string[],
  ) => PlatformSocket | undefined;
}

const NOT_MODIFIED = 304;
/** The default timeout. Requests that the registry is to hold open for a time get that time in addition. */
export const TIMEOUT_MS = 10_000;

/** @param Socket  undefined: there are no sockets here */
export function createTransport(given: ClientOptions, clock: Clock, Socket?: OpenSocket): Transport {
  const options = withoutCredentials(given);
  const base = options.url.replace(/\/+$/, "");
  const { onRequest, onResponse } = options;
  const send = options.fetch ?? ((url, init) => fetch(url, init));

  /** @param read  gets an answer of 2xx, or of 304 */
  async function exchange<T>(
    method: string,
    path: string,
    parts: RequestParts,
    read: (response: Response, alive: () => void) => Promise<T>,
  ): Promise<T> {
    parts.signal?.throwIfAborted();
    const request = { method, url: base + path + queryOf(parts.query), headers: headersOf(options, parts) };
    const body = parts.lines?.join("\n") ?? (parts.body === undefined ? null : JSON.stringify(parts.body));
    onRequest?.(request);
    const since = clock.now();
    let status = 0;
    const tell = (error?: unknown) => {
      const durationMs = Math.max(0, clock.now() - since);
      if (onResponse) queueMicrotask(() => onResponse({ ...request, status, durationMs, error }));
    };
    try {
      const answer = await inTime(parts, async (signal, alive) => {
        const { url, headers } = request;
        const response = await send(url, { method, headers, signal, body });
        ({ status } = response);
        if (!response.ok && status !== NOT_MODIFIED)
          throw problemOf(response, await response.text(), clock.now());
        return read(response, alive);
      });
      tell();
      return answer;
    } catch (error) {
      tell(error);
      throw error;
    }
  }

  /** @throws {RollcallError} or the signal's reason */
  async function inTime<T>(
    { signal, timeoutMs = options.timeoutMs ?? TIMEOUT_MS }: RequestParts,
    work: (signal: AbortSignal, alive: () => void) => Promise<T>,
  ): Promise<T> {
    const controller = new AbortController();
    let timedOut = false;
    const expire = () => {
      timedOut = true;
      controller.abort();
    };
    let timer = clock.setTimeout(expire, timeoutMs);
    const alive = () => {
      clock.clearTimeout(timer);
      timer = clock.setTimeout(expire, timeoutMs);
    };
    const abort = () => controller.abort(signal?.reason);
    signal?.addEventListener("abort", abort);
    try {
      return await work(controller.signal, alive);
    } catch (error) {
      if (signal?.aborted) throw signal.reason;
      if (timedOut) throw new RollcallError("timeout", `No answer within ${timeoutMs} ms.`, { cause: error });
      if (error instanceof RollcallError) throw error;
      throw new RollcallError("network", `The registry cannot be reached at ${base}.`, { cause: error });
    } finally {
      clock.clearTimeout(timer);
      signal?.removeEventListener("abort", abort);
    }
  }

  return {
    send: <T>(method: string, path: string, parts: RequestParts = {}) =>
      exchange(method, path, parts, readJson<T>),
    read: <T>(path: string, parts: RequestParts = {}) => exchange("GET", path, parts, readJson<T>),
    stream: (path, parts, read) => exchange("GET", path, parts, read),
    ...(Socket && { openSocket: opener(Socket, base, options) }),
  };
}

const opener =
  (Socket: OpenSocket, base: string, options: ClientOptions): NonNullable<Transport["openSocket"]> =>
  (path, parts, offered) => {
    const url = base.replace(/^http/, "ws") + path + queryOf(parts.query);
    const sent = unlessThrown(() => new Socket(url, { headers: headersOf(options, parts) }));
    // What the headers say besides cannot be offered.
    const isAll = options.key === undefined && options.namespace === undefined;
    return sent ?? (offered && isAll ? unlessThrown(() => new Socket(url, offered)) : undefined);
  };

function unlessThrown<T>(make: () => T): T | undefined {
  try {
    return make();
  } catch {
    return undefined;
  }
}

/**
 * A copy of `value` as it goes over the wire, so that later changes to the original have no effect.
 *
 * @throws {TypeError} if it is not JSON, because of a cycle or a BigInt
 */
export const asSent = <T>(value: T): T => JSON.parse(JSON.stringify(value)) as T;

/** The type is not checked here: the server's tests hold its answers to the schemas that the types come from. */
export async function readJson<T>(response: Response): Promise<T> {
  const text = await response.text();
  if (text === "") return undefined as T;
  try {
    return JSON.parse(text) as T;
  } catch (cause) {
    const { status } = response;
    throw new RollcallError("unexpected_answer", "The answer is not JSON: is the URL right?", {
      status,
      cause,
    });
  }
}

function headersOf(
  { key, namespace, trace: traceOf }: ClientOptions,
  { body, lines, leaseToken, idempotencyKey, trace = traceOf?.(), headers }: RequestParts,
): Record<string, string> {
  const { traceparent, tracestate, baggage } = trace ?? {};
  return {
    Accept: "application/json, application/problem+json",
    ...(body !== undefined && { "Content-Type": "application/json" }),
    ...(lines && { "Content-Type": "application/x-ndjson" }),
    ...(key !== undefined && { Authorization: `Bearer ${key}` }),
    ...(namespace !== undefined && { "Rollcall-Namespace": namespace }),
    ...(leaseToken !== undefined && { "Lease-Token": leaseToken }),
    ...(idempotencyKey !== undefined && { "Idempotency-Key": idempotencyKey }),
    ...(traceparent !== undefined && { traceparent }),
    ...(tracestate !== undefined && { tracestate }),
    ...(baggage !== undefined && { baggage }),
    ...headers,
  };
}

export function queryOf(query: Query = {}): string {
  const params = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value === undefined || value === null) continue;
    for (const item of Array.isArray(value) ? value : [value]) params.append(name, String(item));
  }
  return params.size > 0 ? `?${params.toString()}` : "";
}
