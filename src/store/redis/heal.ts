import type { Kind } from "../../core/entry.ts";
import { kindOfTerm } from "../../core/kinds.ts";
import { chunks } from "../chunks.ts";
import type { Healed, HealQuery } from "../store.ts";
import type { Command, ScriptCall } from "./connection.ts";
import type { Database } from "./database.ts";
import { memberOf, parseMember } from "./keys.ts";
import { HEAL } from "./scripts.ts";

// What one step examines. Only suspects go to a script, which locks the database, and only so many to each run of it.
const TERMS_PER_STEP = 40;
/** Each is read and sent back, some 120 bytes: at two steps a minute, 20 GB a month. */
const MEMBERS_PER_STEP = 2000;
const SUSPECTS_PER_RUN = 100;
// How many members one plain command looks up.
const SCORES_PER_COMMAND = 1000;
const DOCUMENTS_PER_COMMAND = 100;
const NAMES_PER_STEP = 1000;

/**
 * Where a step goes on. `after`: after this term; with a `member`, in this term after that member. `scan`: a cursor of the
 * hash of terms, where an earlier version has left one (the first of them did not write names).
 */
type Position = { after: string; member?: string } | { scan: string };

interface Step {
  runs: ScriptCall[];
  /** undefined: the end was reached */
  next: Position | undefined;
}

/** One step through the indexes of a kind: see the port. */
export async function heal(database: Database, { kind, suspects, after }: HealQuery): Promise<Healed> {
  const members = suspects.map(({ id, fence }) => memberOf(id, fence));
  // First: other indexes are compared with that of the kind.
  const rolled = members.length > 0 ? await run(database, runsFor(database, kind, kind, members)) : 0;
  const position = positionOf(after);
  const step =
    "scan" in position
      ? await nameTerms(database, position.scan)
      : await examine(database, kind, position.after, position.member);
  const found = await run(database, step.runs);
  return { healed: rolled + found, next: step.next ? JSON.stringify(step.next) : "" };
}

async function run({ connection }: Database, runs: readonly ScriptCall[]): Promise<number> {
  const healed = (await connection.write("heal", runs)) as number[];
  return healed.reduce((sum, members) => sum + members, 0);
}

function positionOf(cursor: string): Position {
  try {
    const value: unknown = JSON.parse(cursor);
    if (typeof value === "object" && value !== null) return value as Position;
  } catch {
    // "", or a cursor that an earlier version kept: from the beginning.
  }
  return { after: "" };
}

/** Adds names of terms that the hash of terms has, in which earlier versions counted them, and then does without the hash. */
async function nameTerms({ connection, keys }: Database, cursor: string): Promise<Step> {
  const [reply] = await connection.read("heal", [["HSCAN", keys.terms, cursor, "COUNT", NAMES_PER_STEP]]);
  const [next, flat] = reply as [string, string[]];
  const names = chunks(flat, 2).flatMap(([term]) => ["0", term!]);
  if (names.length > 0) await connection.write("heal", [["ZADD", keys.termNames, ...names]]);
  if (next !== "0") return { runs: [], next: { scan: next } };
  await connection.write("heal", [["UNLINK", keys.terms]]);
  return { runs: [], next: { after: "" } };
}

/** Looks for members without a document in the next terms, and for names of terms that nothing is under. */
async function examine(
  database: Database,
  kind: Kind,
  after: string,
  member: string | undefined,
): Promise<Step> {
  const { connection, keys } = database;
  const isWithin = member !== undefined;
  const [isCounted, terms] = (await connection.read("heal", [
    ["EXISTS", keys.terms],
    [
      "ZRANGEBYLEX",
      keys.termNames,
      isWithin ? `[${after}` : after === "" ? "-" : `(${after}`,
      "+",
      "LIMIT",
      0,
      isWithin ? 1 : TERMS_PER_STEP,
    ],
  ])) as [number, string[]];
  if (after === "" && isCounted === 1) return nameTerms(database, "0");
  if (terms.length === 0) return { runs: [], next: undefined };

  const membersMax = Math.floor(MEMBERS_PER_STEP / terms.length);
  const members = (await connection.read(
    "heal",
    terms.map((term) => {
      // The last member once more: it may be one of two of its id.
      const min = isWithin && term === after ? `[${member}` : "-";
      return ["ZRANGEBYLEX", keys.index(term), min, "+", "LIMIT", 0, membersMax];
    }),
  )) as string[][];

  // A term with more members than were read ends the step: the next one goes on within it.
  const unfinished = members.findIndex(({ length }) => length === membersMax);
  const examined = unfinished < 0 ? terms : terms.slice(0, unfinished + 1);
  const own = examined.map((term, t) => (kindOfTerm(term) === kind ? members[t]! : []));
  const suspects = await suspectsAmong(database, kind, examined, own);
  const runs = examined.flatMap((term, t) => {
    const isEmpty = members[t]!.length === 0;
    return suspects[t]!.length > 0 || isEmpty ? runsFor(database, kind, term, suspects[t]!) : [];
  });

  const last = examined.at(-1)!;
  if (unfinished >= 0) return { runs, next: { after: last, member: members[unfinished]!.at(-1)! } };
  const isEnd = !isWithin && terms.length < TERMS_PER_STEP;
  return { runs, next: isEnd ? undefined : { after: last } };
}

/**
 * Per term, the members that are to be checked by the script. In the index of the kind: those whose documents are missing,
 * together with up to 99 others, and where two have one id, both. In any other: those that the index of the kind has not.
 */
async function suspectsAmong(
  { connection, keys }: Database,
  kind: Kind,
  terms: readonly string[],
  members: readonly string[][],
): Promise<string[][]> {
  const lookUps = terms.flatMap((term, t) =>
    chunks(members[t]!, term === kind ? DOCUMENTS_PER_COMMAND : SCORES_PER_COMMAND).map((batch) => {
      const command: Command =
        term === kind
          ? ["EXISTS", ...batch.map((member) => keys.document({ kind, id: parseMember(member).id }))]
          : ["ZMSCORE", keys.index(kind), ...batch];
      return { t, batch, command };
    }),
  );
  const replies = (await connection.read(
    "heal",
    lookUps.map(({ command }) => command),
  )) as (number | (string | null)[])[];
  const suspects = terms.map((term, t) => (term === kind ? twinsAmong(members[t]!) : []));
  for (const [i, { t, batch }] of lookUps.entries()) {
    const found = replies[i]!;
    if (typeof found === "number") {
      if (found < batch.length) suspects[t] = suspects[t]!.concat(batch);
    } else suspects[t] = suspects[t]!.concat(batch.filter((_, nth) => found[nth] === null));
  }
  return suspects;
}

/** Members with an id that another has too, in their order: only one of them can match the document. */
function twinsAmong(members: readonly string[]): string[] {
  const ids = members.map((member) => parseMember(member).id);
  return members.filter((_, i) => ids[i] === ids[i - 1] || ids[i] === ids[i + 1]);
}

/** Runs of lua/heal.lua for members of one term; without members one that only takes the name of an empty term away. */
function runsFor({ keys }: Database, kind: Kind, term: string, members: readonly string[]): ScriptCall[] {
  const batches = members.length > 0 ? chunks(members, SUSPECTS_PER_RUN) : [[]];
  return batches.map((batch) => ({
    script: HEAL,
    keys: [keys.termNames, keys.stamps, keys.index(kind), keys.index(term), keys.usage],
    args: [keys.documents(kind), keys.leases(kind), kind, term, ...batch],
  }));
}
