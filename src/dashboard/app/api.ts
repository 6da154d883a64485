import { keyOf } from "./key.ts";

/** Asks the registry. */

/** How long an answer may take, ms. A sweep of a large fleet takes seconds. */
const TIMEOUT_MS = 30_000;
const SYNC = "X-Rollcall-Sync";

/** What was last written has to be seen by what is read next (docs/consistency.md). */
let sync: string | undefined;

/** Why there is no answer. `status` 0: none came at all. */
export class Refusal extends Error {
  readonly status: number;
  readonly code: string;

  constructor(status: number, code: string, detail: string) {
    super(detail);
    this.status = status;
    this.code = code;
  }

  /** The registry is in trouble, and not what was asked. */
  get isTrouble(): boolean {
    return this.status === 0 || this.status >= 500 || this.status === 429;
  }
}

export type Method = "GET" | "POST" | "PUT" | "DELETE";

/**
 * @param path  with its query
 * @returns the answer's JSON; undefined where it has none
 * @throws {Refusal}
 */
export async function ask<T>(method: Method, path: string, body?: unknown): Promise<T> {
  const key = keyOf();
  let response: Response;
  let text: string;
  try {
    response = await fetch(path, {
      method,
      cache: "no-store",
      signal: AbortSignal.timeout(TIMEOUT_MS),
      headers: {
        Accept: "application/json",
        ...(key !== null && { Authorization: `Bearer ${key}` }),
        ...(sync !== undefined && { [SYNC]: sync }),
        ...(body !== undefined && { "Content-Type": "application/json" }),
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    text = await response.text();
  } catch {
    throw new Refusal(0, "no_answer", "The registry does not answer.");
  }
  sync = response.headers.get(SYNC) ?? sync;
  const found = parsed(text);
  if (response.ok && (text === "" || found !== undefined)) return found as T;
  const { code, detail } = (found ?? {}) as { code?: string; detail?: string };
  throw new Refusal(
    response.status,
    code ?? `status_${response.status}`,
    detail ?? `The registry answers ${response.status}.`,
  );
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
