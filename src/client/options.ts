/** W3C trace context and baggage, as header values. */
export interface Trace {
  traceparent?: string | undefined;
  tracestate?: string | undefined;
  baggage?: string | undefined;
}

export interface ClientOptions {
  /**
   * The registry's URL, such as `https://rollcall.example.workers.dev`. A path is kept as a prefix; a password in it is the key,
   * unless `key` is given.
   */
  url: string;
  /** An API key, sent as a bearer token. Not needed under open access. */
  key?: string | undefined;
  /** The namespace, under open access only (`default`). With a key it is the key's. */
  namespace?: string | undefined;
  /**
   * How long to wait for an answer, a read's repetitions included, ms (10,000). Requests that the registry holds open wait for
   * that time in addition.
   */
  timeoutMs?: number | undefined;
  /** How often a read is sent again that the registry did not answer (2), as far as `timeoutMs` allows. */
  retries?: number | undefined;
  /** Gives the trace context of what the program is doing, for requests that are given none. */
  trace?: (() => Trace | undefined) | undefined;
  /**
   * Called before each request, repetitions included, but not for WebSockets; it may change the headers. What it throws is
   * what the request rejects with.
   */
  onRequest?: ((request: OutgoingRequest) => void) | undefined;
  /** Called after each request, once its answer is read or it has failed. What it throws is not caught. */
  onResponse?: ((response: RequestOutcome) => void) | undefined;
  /**
   * In place of the global `fetch`. A toolset is then served by long polls, and an agent sends heartbeats, because a WebSocket
   * would not go through it.
   */
  fetch?: ((url: string, init?: RequestInit) => Promise<Response>) | undefined;
}

/** A request, as the hooks see it. */
export interface OutgoingRequest {
  method: string;
  url: string;
  /** The API key among them. */
  headers: Record<string, string>;
}

export interface RequestOutcome extends OutgoingRequest {
  /** The HTTP status; 0 if no answer came. */
  status: number;
  /** From the request to the end of its answer. */
  durationMs: number;
  /** What it rejected with; undefined if it did not. */
  error: unknown;
}

export interface RequestOptions {
  /** Gives up waiting for the answer. The registry may have acted on the request nevertheless. */
  signal?: AbortSignal | undefined;
  /** How long to wait for this answer, ms (the client's `timeoutMs`, unless the method says otherwise). */
  timeoutMs?: number | undefined;
  /** W3C trace context of the request (what the client's `trace` gives). */
  trace?: Trace | undefined;
}

export interface ReadOptions extends RequestOptions {
  /**
   * While the registry is out, resolves to its last answer to the same question and says so (`stale`); rejects if there is
   * none. `discover`, `agents.list` and `services.resolve` ask the registry too, which answers by what it read in the last
   * 300 s while only its store is out. The client keeps the answers to the last 100 questions that were asked with this (false).
   */
  staleOk?: boolean | undefined;
}

export interface LeaseOptions extends RequestOptions {
  /** The `lease_token` of the registration. */
  leaseToken?: string | undefined;
}

export interface RegisterOptions extends LeaseOptions {
  /** 1 to 255 printable ASCII characters, kept secret: the same registration sent again with it is found, not made anew. */
  idempotencyKey?: string | undefined;
}
