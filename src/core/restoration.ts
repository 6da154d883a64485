import * as z from "zod";
import { type Asker, standingIn } from "./authority.ts";
import type { Past } from "./entry.ts";
import { fenceOf } from "./fence.ts";
import { entryId, label } from "./names.ts";
import { bindingInput, PRIORITIES, STRATEGIES } from "./services/binding.ts";
import { AHEAD_MAX_MS, type Issued, nextEpoch } from "./succession.ts";
import { instantOf } from "./time.ts";

/** What became of one line of a backup. `kept`: it is there, and was left as it is; `waiting`: what it is of is not there. */
export type RestoreOutcome = "restored" | "kept" | "waiting";

const region = z.partialRecord(
  z.enum(["colo", "country", "continent", "latitude", "longitude"]),
  z.string().max(64),
);

/** What an entry has that no registration says, and that is restored. */
export const keptFields = z.object({
  registered_at: z.iso.datetime().optional(),
  owner: label(256).nullable().optional(),
  region: region.nullable().default(null),
  source: label(256).optional(),
});
export type KeptFields = z.output<typeof keptFields>;

const { service, handler } = bindingInput.shape;

/** A line of a backup. What is in `agent` and `toolset` is checked by itself. */
export const backupLine = z.discriminatedUnion("kind", [
  z.looseObject({ kind: z.literal("header"), format: z.literal(1) }),
  z.looseObject({ kind: z.literal(["cursor", "end"]) }),
  z.strictObject({ kind: z.literal("agent"), static: z.boolean().optional(), agent: z.unknown() }),
  z.strictObject({ kind: z.literal("drain"), agent_id: entryId }),
  z.strictObject({
    kind: z.literal("override"),
    provider_id: entryId,
    service,
    handler,
    priority: z.literal(Object.values(PRIORITIES)),
    priority_group: z.int().min(0).max(1000),
    strategy: z.enum(STRATEGIES),
  }),
  z.strictObject({ kind: z.literal("toolset"), toolset: z.unknown() }),
]);
export type BackupLine = z.output<typeof backupLine>;

/** Sorts before the hash of every token. */
const NOBODYS_HASH = "-".repeat(22);

/**
 * The registration that is restored: of the epoch that it had, and held by nobody. The token that it had is newer than it, so
 * its holder takes over by registering with it, as where the store had lost everything; every older one stays ended. Where the
 * id was unregistered since, a new epoch begins, and no token of before is of use.
 *
 * @param clock  the store's, ms since the Unix epoch
 */
export function heldByNobody(registered_at: string | undefined, past: Past, clock: number): Issued {
  const registeredAt = registered_at === undefined ? -1 : instantOf(registered_at);
  const isOver =
    registeredAt < 0 ||
    registeredAt > clock + AHEAD_MAX_MS ||
    standingIn(fenceOf(registeredAt, NOBODYS_HASH), undefined, past) !== "newer";
  const epoch = isOver ? nextEpoch(clock, undefined, past) : registeredAt;
  return { fence: fenceOf(epoch, NOBODYS_HASH), epoch, succession: "restores" };
}

/** The asker, for an entry that was another key's: it is that key's again. */
export const inNameOf = (asker: Asker, { owner }: KeptFields): Asker =>
  owner === undefined ? asker : { ...asker, name: owner };
