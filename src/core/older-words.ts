import { type FieldError, pointerTo, UNKNOWN_FIELD } from "./problem.ts";

/** A word of an older system, and what is called so here. */
interface OlderWord {
  ours: string;
  /** What its value means here, where that is another one. */
  toOurs?: (value: unknown) => unknown;
  /** Said where it is refused, because `ours` is not taken there either. */
  note?: string;
  /** It is refused everywhere, also where `ours` is left aside. */
  notTaken?: true;
}

/** Taken for our word wherever that is taken, unless both are sent. None of them is a field of ours. */
const OLDER_WORDS: Readonly<Record<string, OlderWord>> = {
  component_type: { ours: "type" },
  load: { ours: "current_load" },
  // There 0 meant no limit, which is null here.
  max_load: { ours: "max_concurrency", toOurs: (value) => (value === 0 ? null : value) },
  service_type: { ours: "service" },
  circuit_breaker_config: { ours: "circuit_breaker" },
  required_capabilities: { ours: "capability", note: "a parameter of resolve and discover" },
  last_heartbeat: { ours: "last_seen", note: "and the registry notes it itself", notTaken: true },
};

export const olderWord = (word: string): OlderWord | undefined =>
  Object.hasOwn(OLDER_WORDS, word) ? OLDER_WORDS[word] : undefined;

/** For the OpenAPI document. */
export const OLDER_WORDS_TAKEN = Object.entries(OLDER_WORDS)
  .filter(([, { notTaken }]) => !notTaken)
  .map(([word, { ours }]) => `\`${word}\` (\`${ours}\`)`)
  .join(", ");

/** An older word in a value. */
export interface OlderWordFound {
  /** Where the object is that has it. */
  path: readonly PropertyKey[];
  theirs: string;
  word: OlderWord;
  /** Our word is sent too: which of the two holds is not for us to say. */
  doubled: boolean;
}

type Fields = Record<PropertyKey, unknown>;

const fieldsAt = (value: unknown, path: readonly PropertyKey[]): Fields =>
  path.reduce<unknown>((inner, step) => (inner as Fields)[step], value) as Fields;

/** @param unknown  where `value` has fields that its schema does not know */
export function olderWordsIn(
  unknown: readonly { path: readonly PropertyKey[]; keys: readonly string[] }[],
  value: unknown,
): OlderWordFound[] {
  return unknown.flatMap(({ path, keys }) =>
    keys.flatMap((theirs) => {
      const word = olderWord(theirs);
      // Where our own word is unknown too, neither has a meaning.
      if (!word || keys.includes(word.ours)) return [];
      return [{ path, theirs, word, doubled: Object.hasOwn(fieldsAt(value, path), word.ours) }];
    }),
  );
}

/** A copy of the value, in our words. */
export function translated(value: unknown, found: readonly OlderWordFound[]): unknown {
  const copy = structuredClone(value);
  for (const { path, theirs, word, doubled } of found) {
    const fields = fieldsAt(copy, path);
    // Two branches of a union may have found the same word.
    if (doubled || word.notTaken || !Object.hasOwn(fields, theirs)) continue;
    fields[word.ours] = word.toOurs ? word.toOurs(fields[theirs]) : fields[theirs];
    delete fields[theirs];
  }
  return copy;
}

/** What is wrong with a translated value, at the places that its sender knows. */
export function inOlderWords(errors: readonly FieldError[], found: readonly OlderWordFound[]): FieldError[] {
  const sent = new Map(
    found.map((one) => {
      const { path, theirs, word, doubled } = one;
      return [pointerTo([...path, doubled || word.notTaken ? theirs : word.ours]), one];
    }),
  );
  return errors.map((error) => {
    const steps = error.pointer.split("/");
    for (let length = 2; length <= steps.length; length += 1) {
      const one = sent.get(steps.slice(0, length).join("/"));
      if (!one) continue;
      const inside = steps.slice(length);
      const isUnknown = inside.length === 0 && error.detail === UNKNOWN_FIELD;
      return {
        pointer: [pointerTo([...one.path, one.theirs]), ...inside].join("/"),
        detail: isUnknown ? refusalOf(one) : error.detail,
      };
    }
    return error;
  });
}

function refusalOf({ word: { ours, note }, doubled }: OlderWordFound): string {
  if (doubled) return `is called "${ours}" here, and both are sent`;
  return note === undefined ? UNKNOWN_FIELD : `is called "${ours}" here, ${note}`;
}
