// The client's HTTP part alone. What the package exports brings the classes of all commands too: an eighth of the Worker.
import { HttpClient } from "../../../node_modules/@upstash/redis/chunk-4WQYU7T6.mjs";
import { hashOf } from "../../core/hash.ts";
import { isStoreFull, type Problem, storeFull, storeUnavailable } from "../../core/problem.ts";
import { currentSync } from "../../sync.ts";
import { currentSpent } from "../../telemetry.ts";

export interface ConnectionOptions {
  url: string;
  token: string;
  /** Bounds every HTTP request to Redis. */
  timeoutMs: number;
  /** Whether what may be behind is asked of the nearest copy. */
  reads?: "primary" | "nearest";
}

/** The text of a script, and its SHA-1 once it was needed. */
export interface Script {
  text: string;
  sha1?: Promise<string>;
}

export interface ScriptCall {
  script: Script;
  keys: string[];
  args: string[];
  /** It only reads, and its answer may be behind. Else a script is run where writes are. */
  near?: boolean;
}

/** The words of a command, or a run of a script. */
export type Command = ScriptCall | readonly (string | number)[];

interface Reply {
  result?: unknown;
  error?: string | undefined;
}

/**
 * Sends commands to Redis over HTTP: a list of commands is one request, bounded in time.
 *
 * The client's errors are never passed on: their messages contain whole commands with their values.
 */
export class Connection {
  /** Whether runs that may be behind are sent in the form that any copy may answer. */
  readonly asksNearest: boolean;
  /** Makes a client for one request: it has a token of its own, which no answer to another request replaces. */
  readonly #open: () => HttpClient;
  readonly #timeoutMs: number;
  /** Which database it is, in what callers pass on. Of its URL, since another database may be given the same name. */
  readonly #database: string;
  /** The token of the write that was answered last. */
  #written = "";

  constructor({ url, token, timeoutMs, reads = "primary" }: ConnectionOptions) {
    this.asksNearest = reads === "nearest";
    this.#timeoutMs = timeoutMs;
    this.#database = hashOf(url).toString(36);
    this.#open = () =>
      new HttpClient({
        baseUrl: url,
        headers: { authorization: `Bearer ${token}` },
        // As a function: when a plain signal fires, the client returns an answer instead of throwing.
        signal: () => AbortSignal.timeout(timeoutMs),
        retry: { retries: 0 },
        responseEncoding: false,
      });
  }

  /**
   * Sends commands that change something. Never twice: they may have taken effect even if the answer is lost.
   *
   * @param operation  what the caller is doing, for the message of the problem
   * @returns one raw result per command, in their order
   * @throws {Problem} `store_unavailable`, `store_full`
   */
  async write(operation: string, commands: readonly Command[]): Promise<unknown[]> {
    return this.#once(operation, commands, true);
  }

  /**
   * Sends commands that may as well be sent twice. Tries a second time if the first attempt failed, but not if it ran out of
   * time or Redis is full.
   *
   * @returns one raw result per command, in their order
   * @throws {Problem} `store_unavailable`, `store_full`
   */
  async read(operation: string, commands: readonly Command[]): Promise<unknown[]> {
    const startedAt = performance.now();
    try {
      return await this.#send(commands, false);
    } catch (cause) {
      const problem = problemOf(operation, cause);
      if (isStoreFull(problem) || performance.now() - startedAt >= this.#timeoutMs) throw problem;
    }
    return this.#once(operation, commands, false);
  }

  async #once(operation: string, commands: readonly Command[], isWrite: boolean): Promise<unknown[]> {
    try {
      return await this.#send(commands, isWrite);
    } catch (cause) {
      throw problemOf(operation, cause);
    }
  }

  async #send(commands: readonly Command[], isWrite: boolean): Promise<unknown[]> {
    if (commands.length === 0) return [];
    const replies = await this.#exchange(commands, evalsha, isWrite);
    // Redis forgets scripts when it restarts. It did not run those that it forgot, so only those are sent again, as text.
    const missing: number[] = [];
    for (const [i, { error }] of replies.entries()) if (error?.startsWith("NOSCRIPT")) missing.push(i);
    if (missing.length > 0) {
      const resent = await this.#exchange(
        missing.map((i) => commands[i]!),
        evaluate,
        isWrite,
      );
      for (const [nth, i] of missing.entries()) replies[i] = resent[nth]!;
    }
    return replies.map(({ result, error }) => {
      if (error !== undefined) throw new Error(error);
      return result;
    });
  }

  async #exchange(commands: readonly Command[], run: Run, isWrite: boolean): Promise<Reply[]> {
    const words: (readonly (string | number)[])[] = [];
    for (const command of commands)
      words.push("script" in command ? await run(command, this.asksNearest) : command);
    const spent = currentSpent();
    if (spent) {
      spent.trips += 1;
      spent.commands += words.length;
    }
    const sync = currentSync();
    const http = this.#open();
    // What a request has to see goes before what the isolate has written: one token is all that a database takes.
    http.upstashSyncToken = sync?.tokenOf(this.#database) ?? this.#written;
    const replies = await http.request({ path: ["pipeline"], body: words });
    if (isWrite && http.upstashSyncToken !== "") {
      this.#written = http.upstashSyncToken;
      sync?.wrote(this.#database, this.#written);
    }
    // A proxy may answer with something else: anything but one reply per command counts as an outage.
    if (!Array.isArray(replies) || replies.length !== commands.length) throw new Error("a reply is missing");
    return replies as Reply[];
  }
}

/**
 * How Redis says that it is out of memory, and Upstash that a plan's size or number of commands is used up. At the beginning
 * alone: further on a message may have the values of a command.
 */
const FULL = /^(OOM |ERR (DB capacity quota|max (daily |monthly )?requests? limit) exceeded)/i;

function problemOf(operation: string, cause: unknown): Problem {
  const spent = currentSpent();
  if (spent) spent.errors += 1;
  return cause instanceof Error && FULL.test(cause.message)
    ? storeFull(operation, cause)
    : storeUnavailable(operation, cause);
}

type Run = (call: ScriptCall, asksNearest: boolean) => Promise<(string | number)[]>;

const evalsha: Run = async ({ script, keys, args, near }, asksNearest) => {
  script.sha1 ??= sha1(script.text);
  return [near && asksNearest ? "EVALSHA_RO" : "EVALSHA", await script.sha1, keys.length, ...keys, ...args];
};

const evaluate: Run = async ({ script, keys, args, near }, asksNearest) => [
  near && asksNearest ? "EVAL_RO" : "EVAL",
  script.text,
  keys.length,
  ...keys,
  ...args,
];

async function sha1(text: string): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-1", new TextEncoder().encode(text));
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
