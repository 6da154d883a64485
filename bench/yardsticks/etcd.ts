/**
 * Yardstick (c), etcd through its JSON gateway: a lease per agent that keep-alives renew, a key per agent under the lease,
 * and discovery by reading the whole range and filtering in the caller.
 *
 * @see https://etcd.io/docs/v3.4/dev-guide/api_grpc_gateway/
 */
import { idOf, registrationOf } from "../fleet/agents.ts";
import type { Http } from "../load/http.ts";
import type { Operation } from "../load/load.ts";
import { type Agent, bestOf } from "./filter.ts";

const PREFIX = "agents/";
const base64 = (text: string): string => Buffer.from(text).toString("base64");
/** The exclusive end of the range of a prefix: the prefix with its last byte increased. */
const PREFIX_END = "agents0";
const POPULATED_AT_ONCE = 16;

interface Range {
  kvs?: { key: string; value: string }[];
}

export interface EtcdFleet {
  size: number;
  leases: string[];
}

const post = (http: Http, path: string, body: unknown): Promise<string> =>
  http.expect(200, "POST", path, JSON.stringify(body));

export async function populateEtcd(http: Http, size: number): Promise<EtcdFleet> {
  const leases: string[] = [];
  let next = 0;
  async function put(): Promise<void> {
    for (let index = next++; index < size; index = next++) {
      const granted = JSON.parse(await post(http, "/v3/lease/grant", { TTL: 86_400 })) as { ID: string };
      leases[index] = granted.ID;
      const value = JSON.stringify({ ...registrationOf(index), last_seen: Date.now() });
      await post(http, "/v3/kv/put", {
        key: base64(PREFIX + idOf(index)),
        value: base64(value),
        lease: granted.ID,
      });
    }
  }
  await Promise.all(Array.from({ length: POPULATED_AT_ONCE }, put));
  return { size, leases };
}

export const keepAlive =
  (http: Http, { size, leases }: EtcdFleet): Operation =>
  async (nth) => {
    const text = await post(http, "/v3/lease/keepalive", { ID: leases[(nth * 7919) % size] });
    const { result } = JSON.parse(text) as { result?: { TTL?: string } };
    if (result?.TTL === undefined) throw new Error(`not kept alive: ${text}`);
  };

export const getKey =
  (http: Http, { size }: EtcdFleet): Operation =>
  async (nth) => {
    const range = await post(http, "/v3/kv/range", { key: base64(PREFIX + idOf((nth * 7919) % size)) });
    if (valuesOf(range).length !== 1) throw new Error("the key is not there");
  };

export const listKeys =
  (http: Http, limit: number): Operation =>
  async () => {
    const query = { key: base64(PREFIX), range_end: base64(PREFIX_END), limit };
    if (valuesOf(await post(http, "/v3/kv/range", query)).length !== limit) throw new Error("a short range");
  };

/** etcd cannot filter: the caller reads all agents and looks for the capability itself. */
export const discoverByRange =
  (http: Http, limit: number): Operation =>
  async () => {
    const text = await post(http, "/v3/kv/range", { key: base64(PREFIX), range_end: base64(PREFIX_END) });
    if (bestOf(valuesOf(text) as Agent[], limit).length !== limit)
      throw new Error("too few agents in the range");
  };

const valuesOf = (text: string): unknown[] =>
  ((JSON.parse(text) as Range).kvs ?? []).map(
    ({ value }) => JSON.parse(Buffer.from(value, "base64").toString()) as unknown,
  );
