import { describe, expect, it } from "vitest";
import { type Command, Connection } from "../../src/store/redis/connection.ts";
import { KnownDocuments } from "../../src/store/redis/known-documents.ts";
import { redisStore } from "../../src/store/redis/redis-store.ts";
import { member, openRedis } from "../support/opened-redis.ts";
import { TIMEOUT_MS } from "../support/stores.ts";

/** What one call costs Redis, whatever the fleet: nothing here may grow with it. */
interface Cost {
  trips: number;
  commands: number;
  /** Keys and arguments of the largest script run. */
  scriptWords: number;
  /** The longest list that came back. */
  replyItems: number;
}

class CountingConnection extends Connection {
  cost: Cost = { trips: 0, commands: 0, scriptWords: 0, replyItems: 0 };

  override async read(operation: string, commands: readonly Command[]): Promise<unknown[]> {
    return this.#counted(commands, await super.read(operation, commands));
  }

  override async write(operation: string, commands: readonly Command[]): Promise<unknown[]> {
    return this.#counted(commands, await super.write(operation, commands));
  }

  #counted(commands: readonly Command[], replies: unknown[]): unknown[] {
    const { cost } = this;
    if (commands.length > 0) cost.trips += 1;
    cost.commands += commands.length;
    for (const command of commands) {
      const words = "script" in command ? command.keys.length + command.args.length : 0;
      cost.scriptWords = Math.max(cost.scriptWords, words);
    }
    for (const reply of replies)
      if (Array.isArray(reply)) cost.replyItems = Math.max(cost.replyItems, reply.length);
    return replies;
  }
}

const COMMON_TERMS = 58;

/** Every member stands under every common term; none has a document, so that each is a suspect. */
async function crowdOf(size: number) {
  const { bridge, prefix, key } = openRedis();
  const terms = ["agent", ...Array.from({ length: COMMON_TERMS }, (_, i) => `tag:${i}`)];
  const members = Array.from({ length: size }, (_, i) => member(`a-${String(i).padStart(6, "0")}`, "f1"));
  for (let from = 0; from < size; from += 5000) {
    const scored = members.slice(from, from + 5000).flatMap((name) => [0, name]);
    await bridge.raw("ZADD", key("ix:agent"), ...scored);
  }
  for (const term of terms.slice(1)) await bridge.raw("COPY", key("ix:agent"), key(`ix:${term}`));
  await bridge.raw("ZADD", key("term_names"), ...terms.flatMap((term) => [0, term]));
  const connection = new CountingConnection({
    url: bridge.url,
    token: bridge.token,
    timeoutMs: TIMEOUT_MS,
  });
  const store = redisStore({ connection, prefix, namespace: "default", documents: new KnownDocuments() });
  return async (work: (opened: typeof store) => Promise<unknown>): Promise<Cost> => {
    connection.cost = { trips: 0, commands: 0, scriptWords: 0, replyItems: 0 };
    await work(store);
    return connection.cost;
  };
}

describe("ten times the fleet", () => {
  it("moves nothing of what a step of healing, a page of terms or a count costs", async () => {
    const small = await crowdOf(6000);
    const large = await crowdOf(60_000);
    const heal = (after: string) => (store: Parameters<Parameters<typeof small>[0]>[0]) =>
      store.heal({ kind: "agent", suspects: [], after });
    // At the beginning; within the index of all agents; within another; and past all of them.
    const within = (term: string) => JSON.stringify({ after: term, member: member("a-000100", "f1") });
    for (const after of ["", within("agent"), within("tag:7"), JSON.stringify({ after: "tag:9" })]) {
      const cost = await small(heal(after));
      expect(await large(heal(after))).toEqual(cost);
      expect(cost.trips).toBeLessThanOrEqual(4);
      // Four names and at most 100 suspects, beside four keys.
      expect(cost.scriptWords).toBeLessThanOrEqual(109);
      expect(cost.replyItems).toBeLessThanOrEqual(5000);
    }
    for (const work of [
      (store) => store.terms({ prefix: "tag:", after: "", limit: 50 }),
      (store) => store.count("agent"),
    ] satisfies Parameters<typeof small>[0][]) {
      expect(await large(work)).toEqual(await small(work));
    }
  });
});
