import { hashOf, mixed } from "../../core/hash.ts";

/**
 * Which shard an id lives on, by rendezvous hashing: each shard scores each id, and the highest score has it. So a shard that
 * is added takes ids from all others, and no other id moves; the order of the names does not matter.
 *
 * @param names  of the shards, different ones; an id's shard follows from them alone
 * @returns the place of the id's shard in `names`
 */
export function rendezvous(names: readonly string[]): (id: string) => number {
  const seeds = names.map(hashOf);
  return (id) => {
    const hash = hashOf(id);
    let [best, highest] = [0, -1];
    for (const [place, seed] of seeds.entries()) {
      const score = mixed(hash ^ seed);
      if (score > highest) [best, highest] = [place, score];
    }
    return best;
  };
}
