import type { Document, Kind, Past } from "../../src/core/entry.ts";
import { fenceOf } from "../../src/core/fence.ts";
import { Problem } from "../../src/core/problem.ts";
import { type Issued, nextEpoch, successionOf, type Successor } from "../../src/core/succession.ts";

/** A fence that has its place in the order. */
export const fenceAt = (epoch: number, name: string): string => fenceOf(epoch, name.padEnd(22, "_"));

export interface Candidate extends Successor {
  /** Names the fence of a new registration. */
  minted: string;
  /** The token that is sent says the terms that are asked for (true). */
  sameTerms?: boolean;
}

/** What a registration is issued, by the rules, with fences that a test can read in place of hashes. */
export function issuedFor(
  { minted, sameTerms = true, ...successor }: Candidate,
  stored: Document<Kind> | undefined,
  past: Past,
  clock: number,
): Issued | Problem {
  const succession = successionOf(successor, stored, past, clock);
  if (succession instanceof Problem) return succession;
  const { presentedFence } = successor;
  if (succession === "anew" || presentedFence === undefined) {
    const epoch = nextEpoch(clock, stored, past);
    return { fence: fenceAt(epoch, minted), epoch, succession };
  }
  const epoch = succession === "continues" ? stored!.registeredAt : Number.parseInt(presentedFence, 10);
  if (sameTerms) return { fence: presentedFence, epoch, succession };
  return { fence: fenceAt(epoch + 1, minted), epoch: epoch + 1, succession };
}
