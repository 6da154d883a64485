import type { Entry, Kind } from "../../core/entry.ts";
import type { Draw, Narrowed, SampleQuery } from "../store.ts";

/**
 * How many each of so many shards is asked for, so that all together have `size` of what is spread over them at random, and a
 * shard hardly ever has to be asked again: three standard deviations more than its part.
 */
export function shareOf(size: number, shards: number): number {
  const even = size / shards;
  return Math.min(size, Math.ceil(even + 3 * Math.sqrt(even)));
}

/**
 * One draw, of the draws of all shards: how many of each shard are taken is drawn too, in proportion to what it has, so every
 * entry is as likely to be taken, whatever its shard. Where shards know but an upper bound of what they have, that is in
 * proportion to the bounds.
 *
 * @param isHome  whether an entry of the shard at this place lives there; others are left out
 * @param asked  how many each shard was asked for, where it has more than `exhaustive`
 */
export function joined<K extends Kind>(
  draws: readonly Draw<K>[],
  isHome: (entry: Entry<K>, place: number) => boolean,
  { exhaustive, size }: Pick<SampleQuery, "exhaustive" | "size">,
  asked: number,
): Draw<K> {
  const total = sum(draws.map((draw) => draw.total));
  // A shard that draws fewer than it was asked for has no more, whatever it said; and tells how true what the others said is.
  const ended = draws.filter((draw) => draw.total <= exhaustive || drawnBy(draw) < asked);
  const share = sum(ended.map(drawnBy)) / sum(ended.map((draw) => draw.total)) || 1;
  const strands = draws.map((draw, place) => {
    const undrawn = ended.includes(draw) ? 0 : Math.round(draw.total * share) - drawnBy(draw);
    return new Strand(draw, (entry) => isHome(entry, place), Math.max(0, undrawn));
  });
  const entries = shareOutTo(strands, total <= exhaustive ? total : size);
  return joinedDraw(strands, entries, total);
}

function joinedDraw<K extends Kind>(
  strands: readonly Strand<K>[],
  entries: Entry<K>[],
  total: number,
): Draw<K> {
  /** Everything is brought, so less is drawn: a shard counts no entries of others among what it leaves out. */
  async function more(asked: number, narrowed?: Narrowed): Promise<Draw<K>> {
    const size = Math.min(asked, narrowed?.entriesMax ?? asked);
    const expected = Math.min(size, sum(strands.map(({ left }) => left)));
    const taken = shareOutTo(strands, expected);
    // More than there were: some may have come since. On which shard nobody knows.
    const beyond = size - expected;
    const wanted = unreadIn(strands);
    const brought = (await Promise.all(strands.map((strand) => strand.readOn(beyond)))).flat();
    // A shard may have had fewer than it said: others stand in.
    const short = wanted - brought.length - unreadIn(strands);
    const standIns = shareOutTo(strands, beyond + short, ({ drawn }) => drawn);
    return joinedDraw(strands, [...taken, ...brought, ...standIns], total);
  }
  return { entries, total, unread: unreadIn(strands), more };
}

const drawnBy = (draw: Draw<Kind>): number => draw.entries.length + draw.unread;

const unreadIn = (strands: readonly { owed: number; missing: number }[]): number =>
  sum(strands.map(({ owed, missing }) => owed + missing));

/**
 * Takes so many at random of all that is left, or of part of that.
 *
 * @returns what is read of them; each strand keeps in mind what is not
 */
const shareOutTo = <K extends Kind>(
  strands: readonly Strand<K>[],
  size: number,
  of = ({ left }: Strand<K>): number => left,
): Entry<K>[] => {
  const shares = shareOut(strands.map(of), size);
  return strands.flatMap((strand, place) => strand.take(shares[place]!));
};

/** One shard's part of a draw. */
class Strand<K extends Kind> {
  #draw: Draw<K>;
  readonly #isHome: (entry: Entry<K>) => boolean;
  /** Read, and not taken. */
  #spare: Entry<K>[];
  /** How many there are that the shard has not drawn. */
  #undrawn: number;
  /** How many of those that the shard has drawn and not read are to be taken. */
  owed = 0;
  /** How many are to be taken of those that it has not drawn. */
  missing = 0;

  /** @param undrawn  how many there are, about, that the shard has not drawn */
  constructor(draw: Draw<K>, isHome: (entry: Entry<K>) => boolean, undrawn: number) {
    this.#draw = draw;
    this.#isHome = isHome;
    this.#spare = draw.entries.filter(isHome);
    this.#undrawn = undrawn;
  }

  get #unread(): number {
    return this.#draw.unread - this.owed;
  }

  /** How many were drawn, and not taken. */
  get drawn(): number {
    return this.#spare.length + this.#unread;
  }

  /** How many were not taken. */
  get left(): number {
    return this.drawn + this.#undrawn - this.missing;
  }

  /**
   * Takes so many at random of what is left. What was drawn is a random part of that, so it goes first; of what was drawn, what
   * is read is no random part, because small or known documents come first.
   */
  take(count: number): Entry<K>[] {
    const ofDrawn = Math.min(count, this.drawn);
    this.missing += count - ofDrawn;
    const [now = 0, later = 0] = shareOut([this.#spare.length, this.#unread], ofDrawn);
    this.owed += later;
    return pick(this.#spare, now);
  }

  /** Reads what is to be taken, and draws `beyond` more, which nobody has taken yet. */
  async readOn(beyond: number): Promise<Entry<K>[]> {
    const asked = this.missing + beyond;
    if (asked === 0 && this.owed === 0) return [];
    const expected = this.#draw.unread + asked;
    this.#draw = await this.#draw.more(asked);
    const { entries, unread } = this.#draw;
    const hasMore = entries.length + unread >= expected;
    this.#undrawn = hasMore ? Math.max(0, this.#undrawn - this.missing) : 0;
    const arrived = entries.filter(this.#isHome);
    const [now = 0, later = 0] = shareOut([arrived.length, unread], this.owed + this.missing);
    [this.owed, this.missing] = [later, 0];
    const taken = pick(arrived, now);
    this.#spare.push(...arrived);
    return taken;
  }
}

/** How many of `size` fall on each of some piles, if they are taken from all at random, or everything if there are not as many. */
function shareOut(piles: readonly number[], size: number): number[] {
  const left = [...piles];
  let all = sum(left);
  for (let count = Math.min(size, all); count > 0; count -= 1) {
    let place = Math.floor(Math.random() * all);
    let pile = 0;
    while (place >= left[pile]!) place -= left[pile++]!;
    left[pile]! -= 1;
    all -= 1;
  }
  return piles.map((before, i) => before - left[i]!);
}

/** Takes so many at random out of a list. */
function pick<T>(from: T[], count: number): T[] {
  for (let i = 0; i < count; i += 1) {
    const last = from.length - 1 - i;
    const j = Math.floor(Math.random() * (last + 1));
    [from[last], from[j]] = [from[j]!, from[last]!];
  }
  return from.splice(from.length - count, count);
}

const sum = (numbers: readonly number[]): number => numbers.reduce((all, number) => all + number, 0);
