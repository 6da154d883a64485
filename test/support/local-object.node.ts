import { DatabaseSync } from "node:sqlite";
import type { Host, Hosted } from "../../src/durable/hosted.ts";
import type { ObjectStorage } from "../../src/durable/storage.ts";
import { systemClock } from "../../src/local/clock.ts";
import type { Databases } from "../../src/local/databases.ts";
import { LocalObjects } from "../../src/local/objects.ts";

const NAME = "object";

/** A database in memory that is kept when its host closes it, as a file is. */
class KeptDatabase extends DatabaseSync {
  override close(): void {}
}

/** The database of one object. */
function kept(): Databases {
  const database = new KeptDatabase(":memory:");
  let alarm: number | null = null;
  return {
    open: () => database,
    delete() {},
    alarms: () => (alarm === null ? [] : [{ name: NAME, at: alarm }]),
    keepAlarm: (_, at) => void (alarm = at),
  };
}

/** One object in this process, that can be reached from behind. */
export function localObject<I extends object>(run: (host: Host) => Hosted<I>) {
  const databases = kept();
  let reached: { hosted: Hosted<I>; storage: ObjectStorage } | undefined;
  const open = () =>
    new LocalObjects({
      clock: systemClock,
      databases,
      run(host) {
        reached = { hosted: run(host), storage: host.storage };
        return reached.hosted;
      },
    });
  let objects = open();
  return {
    stub: () => objects.stub(NAME),
    evict: async () => {
      await objects.close();
      objects = open();
    },
    /** The object is running. */
    inside: async <R>(work: (object: I, storage: ObjectStorage) => R): Promise<Awaited<R>> => {
      const { hosted, storage } = reached!;
      return await work(hosted.inner, storage);
    },
  };
}
