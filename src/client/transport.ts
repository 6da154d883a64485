import type { Clock } from "./clock.ts";
import { problemOf, RollcallError } from "./problem.ts";

export interface ClientOptions {
  /** Where the registry is, as in `https://rollcall.example.workers.dev`. */
  url: string;
  /** An API key; a registry under open access needs none. */
  key?: string | undefined;
  /** Under open access only: a key has its namespace. */
  namespace?: string | undefined;
  /** How long to wait for an answer, ms. */
  timeoutMs?: number | undefined;
  fetch?: ((url: string, init?: RequestInit) => Promise<Response>) | undefined;
}

export type Query = Record<string, string | number | boolean | readonly string[] | null | undefined>;

export interface Request {
  /** A list repeats its parameter; what is absent is left out. */
  query?: Query;
  body?: unknown;
  leaseToken?: string | undefined;
  headers?: Record<string, string>;
  signal?: AbortSignal | undefined;
  /** For requests that are meant to take their time. */
  timeoutMs?: number | undefined;
}

/** One exchange with the registry. */
export interface Transport {
  /**
   * Resolves to the answer's JSON; undefined where there is none.
   *
   * @throws {RollcallError}, or the signal's reason
   */
  send: <T>(method: string, path: string, request?: Request) => Promise<T>;
  /** Hands the answer to `read` as it comes in; the timeout begins anew whenever that says that something came. */
  stream: <T>(
    path: string,
    request: Request,
    read: (response: Response, alive: () => void) => Promise<T>,
  ) => Promise<T>;
}

/** For an answer, once the registry has done what takes its time. */
export const ANSWER_MS = 10_000;

export function createTransport(options: ClientOptions, clock: Clock): Transport {
  const base = options.url.replace(/\/+$/, "");
  const send = options.fetch ?? ((url, init) => fetch(url, init));

  async function exchange<T>(
    method: string,
    path: string,
    request: Request,
    read: (response: Response, alive: () => void) => Promise<T>,
  ): Promise<T> {
    const { signal, timeoutMs = options.timeoutMs ?? ANSWER_MS } = request;
    signal?.throwIfAborted();
    const body = request.body === undefined ? null : JSON.stringify(request.body);
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
      const response = await send(base + path + queryOf(request.query), {
        method,
        headers: headersOf(options, request),
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
    send: <T>(method: string, path: string, request: Request = {}) =>
      exchange(method, path, request, readJson<T>),
    stream: (path, request, read) => exchange("GET", path, request, read),
  };
}

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
  { body, leaseToken, headers }: Request,
): Record<string, string> {
  return {
    Accept: "application/json, application/problem+json",
    ...(body !== undefined && { "Content-Type": "application/json" }),
    ...(key !== undefined && { Authorization: `Bearer ${key}` }),
    ...(namespace !== undefined && { "Rollcall-Namespace": namespace }),
    ...(leaseToken !== undefined && { "Lease-Token": leaseToken }),
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
