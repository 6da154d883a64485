import type { RequestOptions } from "./options.ts";
import type { KeyList, KeyRequest, MadeKey } from "./shapes.ts";
import type { Transport } from "./transport.ts";

export type Keys = ReturnType<typeof keys>;

/** API keys of the client's own namespace, one request per method. Scope `admin`. */
export const keys = ({ read, send }: Transport) => ({
  /**
   * Makes a key. Its secret is in this answer and nowhere else.
   *
   * @throws {RollcallError} `key_exists` where a live key has the name; `quota_exceeded`; `store_contended`
   */
  create: (body: KeyRequest, options: RequestOptions = {}) =>
    send<MadeKey>("POST", "/v1/keys", { body, ...options }),

  /** Lists the live keys, those that are configured too: these have no id. */
  list: (options: RequestOptions = {}) => read<KeyList>("/v1/keys", options),

  /**
   * Makes another secret for a key, under another id. The one before works for `overlapSeconds` more: 0 to 604,800 (86,400).
   *
   * @throws {RollcallError} `key_not_found`; `quota_exceeded`; `store_contended`
   */
  rotate: (id: string, { overlapSeconds, ...options }: RequestOptions & { overlapSeconds?: number } = {}) =>
    send<MadeKey>("POST", `/v1/keys/${encodeURIComponent(id)}/rotate`, {
      body: overlapSeconds === undefined ? {} : { overlap_seconds: overlapSeconds },
      ...options,
    }),

  /**
   * Revokes a key: it ends everywhere within 30 s, and its sockets and streams with it.
   *
   * @throws {RollcallError} `key_not_found`; `store_contended`
   */
  revoke: (id: string, options: RequestOptions = {}) =>
    send<void>("DELETE", `/v1/keys/${encodeURIComponent(id)}`, options),
});
