import { Redis } from "@upstash/redis/cloudflare";
import { storeUnavailable } from "../../core/problem.ts";

export interface ConnectionOptions {
  url: string;
  token: string;
  /** Bounds every HTTP request to Redis. */
  timeoutMs: number;
}

/** A Lua file, and its digest once somebody needed it. */
export interface Script {
  text: string;
  sha1?: Promise<string>;
}

export interface ScriptCall {
  script: Script;
  keys: string[];
  args: string[];
}

/** As Redis takes it, word by word; or a script. */
export type Command = ScriptCall | readonly (string | number)[];

interface Reply {
  result?: unknown;
  error?: string | undefined;
}

/** The client's HTTP alone: the object it would build for each command, and for each pipeline, costs more than sending it. */
class Http extends Redis {
  pipelined(commands: readonly unknown[]): Promise<unknown> {
    return this.client.request({ path: ["pipeline"], body: commands }) as Promise<unknown>;
  }
}

/**
 * Sends commands to Redis over HTTP: each call of `send` is one request, bounded in time.
 *
 * Nothing of what the client throws leaves here: its messages contain whole commands, values and all.
 */
export class Connection {
  readonly #http: Http;
  readonly #timeoutMs: number;

  constructor({ url, token, timeoutMs }: ConnectionOptions) {
    this.#timeoutMs = timeoutMs;
    this.#http = new Http({
      url,
      token,
      // The function form throws when it fires; a fixed signal would be taken for an answer.
      signal: () => AbortSignal.timeout(timeoutMs),
      retry: { retries: 0 },
      enableTelemetry: false,
      responseEncoding: false,
    });
  }

  /**
   * Sends commands that may have taken effect when the answer is lost, so never twice.
   *
   * @param operation  what the caller was doing, for the problem it becomes
   * @returns one raw result per command
   * @throws {Problem} `store_unavailable`
   */
  async write(operation: string, commands: readonly Command[]): Promise<unknown[]> {
    try {
      return await this.#send(commands);
    } catch (cause) {
      throw storeUnavailable(operation, cause);
    }
  }

  /** Sends commands that change nothing: once more if the first attempt broke off, but not if it ran out of time. */
  async read(operation: string, commands: readonly Command[]): Promise<unknown[]> {
    const startedAt = performance.now();
    try {
      return await this.#send(commands);
    } catch (cause) {
      if (performance.now() - startedAt >= this.#timeoutMs) throw storeUnavailable(operation, cause);
    }
    return this.write(operation, commands);
  }

  async #send(commands: readonly Command[]): Promise<unknown[]> {
    if (commands.length === 0) return [];
    const replies = await this.#exchange(commands, evalsha);
    // Redis forgets scripts when it restarts. What it did not know it did not run, so those alone are sent whole.
    const isMissing = ({ error }: Reply) => error?.startsWith("NOSCRIPT") === true;
    if (replies.some(isMissing)) {
      const missing = commands.filter((_, i) => isMissing(replies[i]!));
      const resent = await this.#exchange(missing, evaluate);
      replies.forEach((reply, i) => {
        if (isMissing(reply)) replies[i] = resent.shift()!;
      });
    }
    return replies.map(({ result, error }) => {
      if (error !== undefined) throw new Error(error);
      return result;
    });
  }

  async #exchange(commands: readonly Command[], run: Run): Promise<Reply[]> {
    const words: (readonly (string | number)[])[] = [];
    for (const command of commands) words.push("script" in command ? await run(command) : command);
    const replies = await this.#http.pipelined(words);
    // Anything but one reply per command is an outage, not an answer.
    if (!Array.isArray(replies) || replies.length !== commands.length) throw new Error("a reply is missing");
    return replies as Reply[];
  }
}

type Run = (call: ScriptCall) => Promise<(string | number)[]>;

const evalsha: Run = async ({ script, keys, args }) => {
  script.sha1 ??= sha1(script.text);
  return ["EVALSHA", await script.sha1, keys.length, ...keys, ...args];
};

const evaluate: Run = async ({ script, keys, args }) => ["EVAL", script.text, keys.length, ...keys, ...args];

async function sha1(text: string): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-1", new TextEncoder().encode(text));
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
