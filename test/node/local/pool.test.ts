import { durablePool, hostedPool } from "../../../src/pool/durable-pool.ts";
import { poolConformance } from "../../pool/conformance.ts";
import { localObject } from "../../support/local-object.node.ts";
import { openedPool } from "../../support/pools.ts";

poolConformance("a Node.js process", () => {
  const { stub, evict, inside } = localObject((host) => hostedPool(host, async () => true));
  return openedPool({
    bare: durablePool(stub),
    evict,
    inside: (work) => inside((_, { sql }) => work(sql)),
  });
});
