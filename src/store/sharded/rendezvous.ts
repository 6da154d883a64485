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

/** FNV-1a, 32 bits. */
function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i += 1) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return mixed(hash);
}

/** The last step of MurmurHash3: every bit of the input moves half the bits of the result. */
function mixed(hash: number): number {
  let bits = hash;
  bits = Math.imul(bits ^ (bits >>> 16), 0x85ebca6b);
  bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2ae35);
  return (bits ^ (bits >>> 16)) >>> 0;
}
