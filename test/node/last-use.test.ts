import { describe, expect, it } from "vitest";
import { LastUse, UNUSED_MS } from "../../src/durable/last-use.ts";
import { SqliteStorage } from "../../src/local/sqlite-storage.ts";
import { sqlite } from "../../src/local/sqlite.ts";
import { NOW } from "../support/offers.ts";

const HOUR_MS = 3_600_000;
const NAME = "default\x1fllm";
const known = async () => true;
const forgotten = async () => false;
const unanswered = async (): Promise<boolean> => {
  throw new Error("the catalogue does not answer");
};

function open() {
  const storage = new SqliteStorage(sqlite()(":memory:"), { at: null });
  storage.sql.exec("CREATE TABLE kept (what TEXT)");
  const lastUse = new LastUse(storage);
  return {
    storage,
    lastUse,
    alarm: () => storage.getAlarm(),
    /** As the platform has it: an alarm is off when it goes off. */
    goOff: async (isKnown: (name: string) => Promise<boolean>, now: number) => {
      await storage.deleteAlarm();
      return lastUse.endIfForgotten(isKnown, now);
    },
    isKept: () =>
      storage.sql.exec("SELECT name FROM sqlite_master WHERE name = 'kept'").toArray().length === 1,
  };
}

describe("an object that a caller named", () => {
  it("is emptied a day after its last use, on a clear no, and not a millisecond before", async () => {
    const { lastUse, alarm, isKept, goOff } = open();
    await lastUse.note(NAME, NOW);
    expect(await alarm()).toBe(NOW + UNUSED_MS);
    expect(await goOff(forgotten, NOW + UNUSED_MS - 1)).toBe(false);
    expect(isKept()).toBe(true);
    expect(await goOff(forgotten, NOW + UNUSED_MS)).toBe(true);
    expect(isKept()).toBe(false);
    expect(await alarm()).toBeNull();
  });

  it("asks for its own name", async () => {
    const { lastUse, goOff } = open();
    await lastUse.note(NAME, NOW);
    const asked: string[] = [];
    const isKnown = async (name: string) => asked.push(name) > 0;
    await goOff(isKnown, NOW + UNUSED_MS);
    expect(asked).toEqual([NAME]);
  });

  it("stays while its name is known, and asks again a day later", async () => {
    const { lastUse, alarm, isKept, goOff } = open();
    await lastUse.note(NAME, NOW);
    expect(await goOff(known, NOW + UNUSED_MS)).toBe(false);
    expect(isKept()).toBe(true);
    expect(await alarm()).toBe(NOW + 2 * UNUSED_MS);
  });

  it("stays while the catalogue does not answer, and asks again within the hour", async () => {
    const { lastUse, alarm, isKept, goOff } = open();
    await lastUse.note(NAME, NOW);
    expect(await goOff(unanswered, NOW + UNUSED_MS)).toBe(false);
    expect(isKept()).toBe(true);
    expect(await alarm()).toBe(NOW + UNUSED_MS + HOUR_MS);
  });

  it("stays if it is used while it asks", async () => {
    const { lastUse, isKept, goOff } = open();
    await lastUse.note(NAME, NOW);
    const usedMeanwhile = async () => {
      await lastUse.note(NAME, NOW + UNUSED_MS);
      return false;
    };
    expect(await goOff(usedMeanwhile, NOW + UNUSED_MS)).toBe(false);
    expect(isKept()).toBe(true);
  });

  it("remembers its last use when it is started again, and writes it down once an hour", async () => {
    const { storage, lastUse } = open();
    await lastUse.note(NAME, NOW);
    expect(lastUse.note(NAME, NOW + HOUR_MS - 1)).toBeUndefined();
    await lastUse.note(NAME, NOW + HOUR_MS);
    const again = new LastUse(storage);
    expect(again.note(NAME, NOW + HOUR_MS)).toBeUndefined();
    expect(await again.endIfForgotten(forgotten, NOW + HOUR_MS + UNUSED_MS - 1)).toBe(false);
    expect(await again.endIfForgotten(forgotten, NOW + HOUR_MS + UNUSED_MS)).toBe(true);
  });

  it("asks nobody before it was ever used", async () => {
    expect(await open().goOff(forgotten, NOW + UNUSED_MS)).toBe(false);
  });
});

describe("the object's own alarm", () => {
  it("goes off first where it is earlier, and leaves the other set", async () => {
    const { lastUse, alarm } = open();
    const own = lastUse.beside();
    await lastUse.note(NAME, NOW);
    expect(await own.getAlarm()).toBeNull();
    await own.setAlarm(NOW + 5);
    expect([await own.getAlarm(), await alarm()]).toEqual([NOW + 5, NOW + 5]);
    await lastUse.note(NAME, NOW + HOUR_MS);
    expect(await alarm()).toBe(NOW + 5);
    await own.deleteAlarm();
    expect([await own.getAlarm(), await alarm()]).toEqual([null, NOW + HOUR_MS + UNUSED_MS]);
  });

  it("waits where it is later: the object is called earlier, and sets it again", async () => {
    const { lastUse, alarm } = open();
    await lastUse.note(NAME, NOW);
    await lastUse.beside().setAlarm(NOW + 2 * UNUSED_MS);
    expect(await alarm()).toBe(NOW + UNUSED_MS);
  });

  it("is set again after it went off before it was time to ask", async () => {
    const { lastUse, alarm, goOff } = open();
    await lastUse.note(NAME, NOW);
    await goOff(forgotten, NOW + 5);
    expect(await alarm()).toBe(NOW + UNUSED_MS);
  });
});
