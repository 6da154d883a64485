import type { Script, ScriptCall } from "./connection.ts";
import changeKeyringLua from "./lua/change-keyring.lua";
import commitLua from "./lua/commit.lua";
import detachLua from "./lua/detach.lua";
import findKeysLua from "./lua/find-keys.lua";
import healLua from "./lua/heal.lua";
import heldLua from "./lua/held.lua";
import appendLua from "./lua/include/append.lua";
import entryLua from "./lua/include/entry.lua";
import fetchLua from "./lua/include/fetch.lua";
import keyringIncludeLua from "./lua/include/keyring.lua";
import namesLua from "./lua/include/names.lua";
import unnameLua from "./lua/include/unname.lua";
import usageLua from "./lua/include/usage.lua";
import keyringLua from "./lua/keyring.lua";
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
  ["usage", usageLua],
  ["keyring", keyringIncludeLua],
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

/**
 * KEYS[1] document   KEYS[2] directives   KEYS[3] ledger   KEYS[4] ended
 * ARGV[1] prefix of the entry's lease keys   ARGV[2] the entry's field in both hashes
 * Returns {document, lease, directive, ledger, version, ended}, see entry.lua
 */
export const READ = scriptOf(readLua);
/**
 * KEYS[1] document   ARGV[1] prefix of the entry's lease keys
 * Returns {document, lease}, each false when absent
 */
export const HELD = scriptOf(heldLua);
/**
 * KEYS[1] document   KEYS[2] directives   KEYS[3] ledger   KEYS[4] the entry's log   KEYS[5] events
 * KEYS[6] names of terms   KEYS[7] ended   KEYS[8], KEYS[9] see append.lua   KEYS[10] usage
 * KEYS[11..] the plan's keys
 * ARGV[1] prefix of the entry's lease keys   ARGV[2] the entry's field in both hashes   ARGV[3] version that was read
 * ARGV[4] plan: JSON list of [command, position in KEYS, argument...]. Two commands are not Redis's:
 *         ["UNNAME", position of a term's index, term] takes its name from KEYS[6] if the index is empty;
 *         ["NAME", 6, term...] puts those that are missing there
 * ARGV[5] event as JSON, "" for none   ARGV[6] how many events to keep   ARGV[7] the event's nonce
 * ARGV[8] when a change of status was, ms; "" for any other event   ARGV[10] how long the log is kept, see append.lua
 * ARGV[9] what is counted: JSON [list of [field of KEYS[10], by how much it changes, bound], bound of KEYS[6], owner of new
 *         terms or "", bound of the owner's terms], a bound below 0 is none; "": nothing, and there is no NAME
 * Returns 1 when applied, {field, count} where that would pass its bound, else the entry as it is: {document, lease, directive,
 * ledger, version, ended}
 */
export const COMMIT = scriptOf(commitLua);
/**
 * KEYS[1] lease   ARGV[1] the holder, as it stands in the lease   ARGV[2] lease to write   ARGV[3] its PX, ms
 * Returns 1 when written, else 0
 */
export const DETACH = scriptOf(detachLua);
/**
 * KEYS[1] usage   KEYS[2] events   KEYS[3], KEYS[4] see append.lua   KEYS[5] the log of the event's entry; absent: it is of none
 * ARGV[1] event as JSON   ARGV[2] its nonce   ARGV[3] how many events to keep
 * ARGV[4] when a change of status was, ms; "" for any other event
 */
export const TELL = scriptOf(tellLua);
/**
 * FETCHING, which SAMPLE and PAGE have in common (fetch.lua). An index member is "<id>\\31<fence>".
 *
 * KEYS[1] directives   KEYS[2] stamps   ARGV[1] document prefix   ARGV[2] lease prefix
 * ARGV[3] prefix of the fields in both hashes   ARGV[4] a `Form`: "documents", "stamped" (documents and their stamps), or "stamps"
 *         (stamps alone; "stamped" where a document or a stamp is missing)
 * Returns {member, stamp, document, lease, directive, ...}, flat, each absent value false: until the documents have 1.5 MB, because a
 * reply has a size limit of 10 MB, and large documents, escaped, would break it
 */
/**
 * KEYS[1], KEYS[2], ARGV[1..4] see FETCHING   KEYS[3..] the terms' indexes
 * ARGV[5] up to so many matches are all drawn   ARGV[6] how many to draw beyond that   ARGV[7] random seed, an integer
 * ARGV[8] number n of ids that an earlier trip drew and did not read: read first
 * ARGV[9] ",<status>," of each status that a lease has to report; "": anything, or nothing   ARGV[10] see below
 * ARGV[11..10+n] those ids   ARGV[11+n..] ids that earlier trips brought: not drawn again
 * Returns {total, live, lapsed, ...}, see FETCHING. total is the size of the smallest index where there are more than ARGV[5]
 * matches; live and lapsed are how many were left out because of ARGV[9]: then at most ARGV[10] others are drawn. What has to be read and did not fit into the reply has the stamp "unread", and no document
 */
export const SAMPLE = scriptOf(sampleLua);
/**
 * KEYS[1], KEYS[2], ARGV[1..4] see FETCHING   KEYS[3..] the terms' indexes
 * ARGV[5] lexical minimum   ARGV[6] how many members of the smallest index to examine (more, to end with a whole id)
 * ARGV[7] how many bytes of documents end the page; absent: 1.5 MB
 * Returns {last member examined or "" at the end, ...}, see FETCHING
 */
export const PAGE = scriptOf(pageLua);
/**
 * KEYS[1] ledger   KEYS[2] directives   KEYS[3] index of the kind
 * ARGV[1] prefix of lease keys   ARGV[2] prefix of the fields in both hashes   ARGV[3] lexical minimum   ARGV[4] how many members
 *         to skip   ARGV[5] how many to look at   ARGV[6] now, ms   ARGV[7] silence allowed per second of an interval, ms
 * Returns {how many were looked at, the last of them or "", {"<status> <interval, s, or null> <holder>", count, ...}, {member, lease, mark, directive, ...}}:
 * the holder is "" where nobody holds the leases; each absent value is false
 */
export const MUSTER = scriptOf(musterLua);
/**
 * KEYS[1] names of terms   KEYS[2] stamps   KEYS[3] index of the kind   KEYS[4] index of the term   KEYS[5] usage
 * ARGV[1] document prefix   ARGV[2] lease prefix   ARGV[3] kind   ARGV[4] term   ARGV[5..] members of KEYS[4], at most 100
 * Returns how many members were removed or put back
 */
export const HEAL = scriptOf(healLua);

/**
 * KEYS[1] keys   KEYS[2] hours of their last uses   ARGV[1] the hour of this use   ARGV[2..] ids
 * Returns a key per id, as JSON, each absent one false; a full Redis notes no use
 */
export const FIND_KEYS = scriptOf(findKeysLua);
/**
 * KEYS as of FIND_KEYS
 * Returns {version: a hash of all keys, as a counter would need room to count that one was removed, {key as JSON, ...}, {id, hour, ...}}
 */
export const KEYRING = scriptOf(keyringLua);
/**
 * KEYS[1], KEYS[2] as of FIND_KEYS   KEYS[3] usage   KEYS[4] events
 * ARGV[1] version that was read   ARGV[2] event as JSON, "" for none   ARGV[3] its nonce   ARGV[4] how many events to keep
 * ARGV[5] number n of keys to write   ARGV[6..5+2n] id, key as JSON, ...   ARGV[6+2n..] ids to remove
 * Returns 1 when applied, else 0
 */
export const CHANGE_KEYRING = scriptOf(changeKeyringLua);

/**
 * KEYS the command's keys   ARGV[1] its name   ARGV[2..] its arguments after the keys
 */
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
