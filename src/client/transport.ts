import type { Clock } from "./clock.ts";
import { problemOf, RollcallError } from "./problem.ts";
import { type OpenSocket, readSocket } from "./socket.ts";

export interface ClientOptions {
  /** The registry's URL, such as `https://rollcall.example.workers.dev`. A path is kept as a prefix. */
  url: string;
  /** An API key, sent as a bearer token. Not needed under open access. */
  key?: string | undefined;
  /** The namespace, under open access only (`default`). With a key it is the key's. */
  namespace?: string | undefined;
  /** How long to wait for an answer, ms (10,000). Requests that the registry holds open wait for that time in addition. */
  timeoutMs?: number | undefined;
  /** In place of the global `fetch`. A toolset is then served by long polls, because a WebSocket would not go through it. */
  fetch?: ((url: string, init?: RequestInit) => Promise<Response>) | undefined;
}

export interface RequestOptions {
  /** Gives up waiting for the answer. The registry may have acted on the request nevertheless. */
  signal?: AbortSignal | undefined;
  /** How long to wait for this answer, ms (the client's `timeoutMs`, unless the method says otherwise). */
  timeoutMs?: number | undefined;
}

export interface LeaseOptions extends RequestOptions {
  /** The `lease_token` of the registration. */
  leaseToken?: string | undefined;
}

export interface RegisterOptions extends LeaseOptions {
  /** 1 to 255 printable ASCII characters, kept secret: the same registration sent again with it is found, not made anew. */
  idempotencyKey?: string | undefined;
}

export type Query = Record<string, string | number | boolean | readonly string[] | null | undefined>;

export interface RequestParts extends RegisterOptions {
  /** A list repeats its parameter; null and undefined are left out. */
  query?: Query;
  /** Sent as JSON. */
  body?: unknown;
  headers?: Record<string, string>;
}

/** Sends one request; nothing is retried here. */
export interface Transport {
  /**
   * Resolves to the answer's JSON; undefined where the answer is empty.
   *
   * @throws {RollcallError} or the signal's reason
   */
  send: <T>(method: string, path: string, parts?: RequestParts) => Promise<T>;
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
   * Opens a WebSocket, and hands each text that comes to `read` until it closes or `signal` is aborted. Never rejects.
   *
   * @param read  if it throws, the socket is closed
   * @returns     the code with which it was closed; undefined: none opened, or it brought nothing within 5 s
   */
  socket: (
    path: string,
    parts: Pick<RequestParts, "query" | "leaseToken"> & { signal: AbortSignal },
    read: (text: string) => void,
  ) => Promise<number | undefined>;
}

/** The default timeout. Requests that the registry is to hold open for a time get that time in addition. */
export const TIMEOUT_MS = 10_000;

/** @param Socket  undefined: there are no sockets here */
export function createTransport(options: ClientOptions, clock: Clock, Socket?: OpenSocket): Transport {
  const base = options.url.replace(/\/+$/, "");
  const send = options.fetch ?? ((url, init) => fetch(url, init));

  async function exchange<T>(
    method: string,
    path: string,
    parts: RequestParts,
    read: (response: Response, alive: () => void) => Promise<T>,
  ): Promise<T> {
    const { signal, timeoutMs = options.timeoutMs ?? TIMEOUT_MS } = parts;
    signal?.throwIfAborted();
    const body = parts.body === undefined ? null : JSON.stringify(parts.body);
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
      const response = await send(base + path + queryOf(parts.query), {
        method,
        headers: headersOf(options, parts),
        signal: controller.signal,
        body,
      });
      if (!response.ok) throw problemOf(response, await response.text(), clock.now());
      return await read(response, alive);
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
    stream: (path, parts, read) => exchange("GET", path, parts, read),
    async socket(path, { signal, ...parts }, read) {
      if (!Socket) return undefined;
      const url = base.replace(/^http/, "ws") + path + queryOf(parts.query);
      const headers = headersOf(options, parts);
      return readSocket(clock, () => new Socket(url, { headers }), read, signal);
    },
  };
}

/**
 * A copy of `value` as it goes over the wire, so that later changes to the original have no effect.
 *
 * @throws {TypeError} if it is not JSON, because of a cycle or a BigInt
 */
export const asSent = <T>(value: T): T => JSON.parse(JSON.stringify(value)) as T;

/** The type is not checked here: the server's tests hold its answers to the schemas that the types come from. */
async function readJson<T>(response: Response): Promise<T> {
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
  { key, namespace }: ClientOptions,
  { body, leaseToken, idempotencyKey, headers }: RequestParts,
): Record<string, string> {
  return {
    Accept: "application/json, application/problem+json",
    ...(body !== undefined && { "Content-Type": "application/json" }),
    ...(key !== undefined && { Authorization: `Bearer ${key}` }),
    ...(namespace !== undefined && { "Rollcall-Namespace": namespace }),
    ...(leaseToken !== undefined && { "Lease-Token": leaseToken }),
    ...(idempotencyKey !== undefined && { "Idempotency-Key": idempotencyKey }),
    ...headers,
  };
}

function queryOf(query: Query = {}): string {
  const params = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value === undefined || value === null) continue;
    for (const item of Array.isArray(value) ? value : [value]) params.append(name, String(item));
  }
  return params.size > 0 ? `?${params.toString()}` : "";
}
