import {
  activationItem,
  componentId,
  type ComponentInput,
  registrationOf,
} from "../../core/agents/activation-file.ts";
import { sourceTerm } from "../../core/agents/kind.ts";
import {
  decideAbsence,
  decideImport,
  decideInPlace,
  type Importer,
  type Reconciled,
} from "../../core/agents/reconciliation.ts";
import { leaseTerms } from "../../core/agents/registration.ts";
import { check } from "../../core/check.ts";
import type { Decision } from "../../core/decision.ts";
import type { Entry, Past, Ref, Region } from "../../core/entry.ts";
import { Problem } from "../../core/problem.ts";
import { change } from "../../store/change.ts";
import type { Page, Store } from "../../store/store.ts";
import { refuseRepeats } from "../batch.ts";
import { issue } from "../issue.ts";
import type { Namespace } from "../namespace.ts";

/** An activation file, or its part between two ids. */
export interface ActivationFile {
  /** As they were sent. */
  components: readonly unknown[];
  /** The part begins after this id; "" with the file. */
  after: string;
  /** The last id of the part; undefined: it ends with the file. */
  through: string | undefined;
  /** What is registered never calls in and never lapses. */
  isStatic: boolean;
  /** Decides, and writes nothing. */
  isDryRun: boolean;
  region: Region | null;
  idempotencyKey: string | undefined;
}

/** `leaseToken`: of what was registered anew. */
type Result = (Reconciled & { leaseToken?: string }) | Problem;

export interface ImportedComponent {
  /** In the file; null: it has no component of the id, and an earlier import had. */
  index: number | null;
  /** null: type and name make none */
  id: string | null;
  result: Result;
}

export interface ImportedFile {
  /** One per component, in their order, then one per id that the file has no component of. */
  components: ImportedComponent[];
  /** There is more to remove: the same is to be sent again, `after` this id. null: all is done. */
  next: string | null;
}

/**
 * Makes what a source has registered what its file says, each id on its own: one that is refused stops no other. A page of what
 * the source has registered tells what is so already; the rest is read and committed, in two round trips for as many as a
 * message carries.
 *
 * @returns per id what was done, or the Problem `invalid_request`, `forbidden`, `payload_too_large` or `store_contended`
 * @throws {Problem} `store_unavailable`
 */
export async function importAgents(
  namespace: Namespace,
  importer: Importer,
  file: ActivationFile,
  now: number,
): Promise<ImportedFile> {
  const read = readComponents(file);
  const wanted = new Map(read.flatMap((input) => (isActivated(input) ? [[input.id, input] as const] : [])));
  const refused = file.components.filter((_, index) => read[index] instanceof Problem);
  const mentioned = new Set([...wanted.keys(), ...refused.map(componentId)]);
  const before = await registeredBefore(namespace.store, importer, file, mentioned, now);
  const results = await reconcile(namespace, importer, file, { wanted, ...before }, now);

  const told = new Set<string | null>(wanted.keys());
  const components = read.map((input, index): ImportedComponent => {
    const id = componentId(file.components[index]) ?? null;
    if (input instanceof Problem) return { index, id, result: input };
    const isFirst = isActivated(input) || !told.has(id);
    told.add(id);
    return { index, id, result: (isFirst && results.get(id ?? "")) || { outcome: "skipped" } };
  });
  for (const id of before.absent) {
    const result = results.get(id);
    if (result && !told.has(id)) components.push({ index: null, id, result });
  }
  return { components, next: before.next };
}

/** Not activated; or refused; or what its agent is registered with. */
type Component = undefined | Problem | ComponentInput;

const isActivated = (component: Component): component is ComponentInput =>
  component !== undefined && !(component instanceof Problem);

function readComponents({ components, isStatic }: ActivationFile): Component[] {
  const read = components.map((component): Component => {
    const item = check(activationItem, component);
    if (item instanceof Problem) return item;
    return item.activated ? registrationOf(item, isStatic) : undefined;
  });
  return refuseRepeats(read, (component) => (isActivated(component) ? component.id : undefined));
}

/** What an import finds. */
interface Found {
  /** Entries of its source, by id. */
  known: ReadonlyMap<string, Entry>;
  /** The ids of those that the file does not activate. */
  absent: readonly string[];
  next: string | null;
}

/** After so many entries that the file does not activate, no further page is read. */
const ABSENT_MAX = 1000;
/** The first page has room for one entry per component, and for so many that the file lacks. */
const SPARE = 50;
/** Further pages: there is much to remove. */
const FURTHER = 500;

/** @param mentioned  ids that the file activates, or says something of that was refused */
async function registeredBefore(
  store: Store,
  { source }: Importer,
  { components, after: start, through }: ActivationFile,
  mentioned: ReadonlySet<string | undefined>,
  now: number,
): Promise<Found> {
  const isPast = (id: string) => through !== undefined && id > through;
  const known = new Map<string, Entry>();
  const absent: string[] = [];
  const terms = [sourceTerm(source)];
  let limit = components.length + SPARE;
  let after: string | null = start;
  do {
    const page: Page = await store.page({ kind: "agent", terms, after, limit }, now);
    for (const entry of page.entries) {
      const { id } = entry.document.registration;
      if (isPast(id)) continue;
      known.set(id, entry);
      if (!mentioned.has(id)) absent.push(id);
    }
    after = page.next === through || isPast(page.next ?? "") ? null : page.next;
    limit = FURTHER;
  } while (after !== null && absent.length < ABSENT_MAX);
  return { known, absent, next: after };
}

/** @returns by id what was done; undefined where nothing had to be, because what was there is gone already */
async function reconcile(
  { store, lease: defaults }: Namespace,
  importer: Importer,
  { idempotencyKey, region, isDryRun }: ActivationFile,
  { wanted, known, absent }: Found & { wanted: ReadonlyMap<string, ComponentInput> },
  now: number,
): Promise<Map<string, Result | undefined>> {
  const results = new Map<string, Result | undefined>();
  const open: string[] = [];
  for (const id of [...wanted.keys(), ...absent]) {
    const entry = known.get(id);
    const input = wanted.get(id);
    const inPlace = input && entry && decideInPlace(entry, input, importer, now);
    const decision = input ? inPlace : decideAbsence(entry, id, importer, now);
    // A repeated request finds the tokens that it made, which takes the whole entry.
    if (!decision || decision.write || idempotencyKey !== undefined) open.push(id);
    else results.set(id, decision.result);
  }
  if (open.length === 0) return results;

  const refs = open.map((id): Ref => ({ kind: "agent", id }));
  const { snapshots, clock } = await store.readWithClock(refs, now);
  const decide = async (
    entry: Entry | undefined,
    index: number,
    past: Past,
  ): Promise<Decision<Result | undefined>> => {
    const id = open[index]!;
    const input = wanted.get(id);
    if (!input) return decideAbsence(entry, id, importer, now);
    const { asker } = importer;
    const terms = leaseTerms(input, defaults);
    const claimant = { kind: "agent", id, asker, token: undefined, idempotencyKey, terms } as const;
    const issued = await issue(claimant, entry?.document, past, clock);
    const request = { ...importer, id, input, region, defaults, issued };
    const { result, ...decision } = decideImport(entry, past, request, now);
    if (result instanceof Problem || issued instanceof Problem || !result.isAnew || isDryRun) {
      return { result, ...decision };
    }
    return { result: { ...result, leaseToken: issued.text }, ...decision };
  };
  const decided = isDryRun
    ? await Promise.all(snapshots.map(async (read, index) => (await decide(read.entry, index, read)).result))
    : await change<Result | undefined, "agent">(store, snapshots, decide, now);
  for (const [index, result] of decided.entries()) results.set(open[index]!, result);
  return results;
}
