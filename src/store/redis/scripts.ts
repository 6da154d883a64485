import type { Script, ScriptCall } from "./connection.ts";
import commitLua from "./lua/commit.lua";
import detachLua from "./lua/detach.lua";
import healLua from "./lua/heal.lua";
import heldLua from "./lua/held.lua";
import appendLua from "./lua/include/append.lua";
import entryLua from "./lua/include/entry.lua";
import fetchLua from "./lua/include/fetch.lua";
import namesLua from "./lua/include/names.lua";
import unnameLua from "./lua/include/unname.lua";
import musterLua from "./lua/muster.lua";
import pageLua from "./lua/page.lua";
import primaryLua from "./lua/primary.lua";
import readLua from "./lua/read.lua";
import sampleLua from "./lua/sample.lua";
import tellLua from "./lua/tell.lua";

const INCLUDES = new Map([
  ["append", appendLua],
  ["names", namesLua],
  ["entry", entryLua],
  ["fetch", fetchLua],
  ["unname", unnameLua],
]);

/** A script's first line, `-- include: names entry`, names the files of lua/include that go before it, in order. */
function scriptOf(lua: string): Script {
  const [, names] = /^-- include: (.+)$/m.exec(lua) ?? [];
  const includes = (names?.split(" ") ?? []).map((name) => {
    const text = INCLUDES.get(name);
    if (text === undefined) throw new Error(`no lua/include/${name}.lua`);
    return text;
  });
  return { text: [...includes, lua].join("") };
}

export const READ = scriptOf(readLua);
export const HELD = scriptOf(heldLua);
export const COMMIT = scriptOf(commitLua);
export const DETACH = scriptOf(detachLua);
export const TELL = scriptOf(tellLua);
export const SAMPLE = scriptOf(sampleLua);
export const PAGE = scriptOf(pageLua);
export const MUSTER = scriptOf(musterLua);
export const HEAL = scriptOf(healLua);

const PRIMARY = scriptOf(primaryLua);

/**
 * A command that only reads, as the primary answers it. What is missing at a copy may only be on its way there: before a
 * caller is told that something is gone, the primary is asked.
 */
export const atPrimary = (name: string, keys: string[], ...args: (string | number)[]): ScriptCall => ({
  script: PRIMARY,
  keys,
  args: [name, ...args.map(String)],
});
