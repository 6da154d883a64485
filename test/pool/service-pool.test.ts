import { env, evictDurableObject, runInDurableObject } from "cloudflare:test";
import { durablePool } from "../../src/pool/durable-pool.ts";
import { openedPool } from "../support/pools.ts";
import { poolConformance } from "./conformance.ts";

poolConformance("workerd", () => {
  const stub = env.SERVICE_POOL.getByName(crypto.randomUUID());
  return openedPool({
    bare: durablePool(() => stub),
    evict: () => evictDurableObject(stub),
    inside: (work) => runInDurableObject(stub, (_, { storage }) => work(storage.sql)),
  });
});
