import type { Context } from "hono";
import type { Asker } from "../../core/authority.ts";
import type { Region } from "../../core/entry.ts";
import type { LeaseToken } from "../../registry/lease-token.ts";
import type { Namespace } from "../../registry/namespace.ts";
import type { Telemetry } from "../../telemetry.ts";
import type { Ask, Endpoint } from "./endpoint.ts";
import { idempotencyKeyOf, readBody, regionOf } from "./request.ts";

interface Checked {
  params: Record<string, string>;
  query: unknown;
  body: unknown;
  asker: Asker;
  namespace: Namespace;
  needsKey: boolean;
  telemetry: Telemetry;
  token: LeaseToken | undefined;
  now: number;
}

/** The Ask of one request. Fields that few handlers read are made when they are read; a heartbeat reads none of them. */
export class CheckedAsk implements Ask<unknown, unknown, unknown> {
  readonly params: Record<string, string>;
  readonly query: unknown;
  readonly body: unknown;
  readonly asker: Asker;
  readonly namespace: Namespace;
  readonly needsKey: boolean;
  readonly telemetry: Telemetry;
  readonly token: LeaseToken | undefined;
  readonly now: number;
  readonly #c: Context;
  readonly #endpoint: Endpoint;

  constructor(c: Context, endpoint: Endpoint, checked: Checked) {
    this.params = checked.params;
    this.query = checked.query;
    this.body = checked.body;
    this.asker = checked.asker;
    this.namespace = checked.namespace;
    this.needsKey = checked.needsKey;
    this.telemetry = checked.telemetry;
    this.token = checked.token;
    this.now = checked.now;
    this.#c = c;
    this.#endpoint = endpoint;
  }

  get readBody(): () => Promise<unknown> {
    return () => readBody(this.#c, this.#endpoint);
  }

  get headers(): Headers {
    return this.#c.req.raw.headers;
  }

  /** Aborted when the asker has gone. */
  get signal(): AbortSignal {
    return this.#c.req.raw.signal;
  }

  get origin(): string {
    return new URL(this.#c.req.url).origin;
  }

  get idempotencyKey(): string | undefined {
    return idempotencyKeyOf(this.headers);
  }

  get region(): Region | null {
    return regionOf(this.#c.req.raw);
  }
}
