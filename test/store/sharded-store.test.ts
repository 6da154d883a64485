import { shardedStore } from "../../src/store/sharded/sharded-store.ts";
import { embeddedBackend } from "../support/stores.ts";
import { storeConformance, TERMS_OF_ALL } from "./conformance.ts";
import { type Opened, T0 } from "./conformance/opened.ts";

function openShards(): Opened {
  const { open, advance } = embeddedBackend(T0);
  const shard = (name: string) => ({ name, store: open(name) });
  return { store: shardedStore([shard("one"), shard("two"), shard("three")]), advance };
}

storeConformance("three shards", openShards, [TERMS_OF_ALL]);
