import { sizeBytes } from "./agents/agent.ts";
import type { Document, Kind } from "./entry.ts";

/** One field that is another than before. */
export interface FieldChange {
  /**
   * Its path, a JSON pointer (RFC 6901) without its first slash: "version"; "metadata/zone"; of what has a name, "tools/echo".
   */
  field: string;
  /** As it was; absent: it was not there. */
  from?: unknown;
  /** As it is; absent: it is there no more. */
  to?: unknown;
  /** Something was too long to be kept: a value is the beginning of its JSON, or left out. */
  shortened?: true;
}

/** What is kept of a change. */
export interface Changes {
  /** Absent: nothing is known to have changed. */
  changes?: FieldChange[];
  /** How many more fields changed, for which there was no room. */
  moreChanges?: number;
}

/** Of one event, bytes of JSON: a history has very many. */
export const CHANGES_BYTES_MAX = 1024;
/** Of one value, or of a field's path, characters. */
const VALUE_CHARS_MAX = 160;

type Fields = ReadonlyMap<string, unknown>;
type Registered = Pick<Document<Kind>, "owner" | "registration">;

/** What changed from one registration to the next, and whose it is, at most 1 KiB of it; nothing of what a lease says. */
export const changesBetween = (before: Registered, after: Registered): Changes =>
  changesIn(fieldsOf(before), fieldsOf(after));

/** What changed from some fields, by their paths, to others. */
export const changesIn = (before: Fields, after: Fields): Changes => bounded(differences(before, after));

/** As many changes as there is room for, in their order, the longest ones by their fields alone. */
function bounded(all: readonly FieldChange[]): Changes {
  const changes: FieldChange[] = [];
  let left = CHANGES_BYTES_MAX - "[]".length;
  for (const change of all) {
    const form = [shortened(change), shortened({ field: change.field, shortened: true })].find(
      (one) => sizeBytes(one) < left,
    );
    if (!form) continue;
    changes.push(form);
    left -= sizeBytes(form) + ",".length;
  }
  const more = all.length - changes.length;
  return { ...(changes.length > 0 && { changes }), ...(more > 0 && { moreChanges: more }) };
}

/** What its own events tell, and what every event says anyway. */
const LEFT_OUT = new Set(["id", "status", "current_load"]);

/** Lists of what has a name. */
const NAMED = new Set(["capabilities", "services", "tools"]);

/** By path: every field, but each member of metadata, and each item of a list of named items, by itself. */
function fieldsOf({ owner, registration }: Registered): Map<string, unknown> {
  const fields = new Map<string, unknown>([["owner", owner]]);
  for (const [name, value] of Object.entries(registration)) {
    if (LEFT_OUT.has(name) || value === undefined) continue;
    const members = membersOf(name, value);
    if (!members) fields.set(name, value);
    else for (const [member, own] of members) fields.set(`${name}/${escaped(member)}`, own);
  }
  return fields;
}

/** @returns undefined for what is one value; a name that stands twice makes a list one, too */
function membersOf(name: string, value: unknown): [string, unknown][] | undefined {
  if (name === "metadata") return Object.entries(value as Record<string, unknown>);
  if (!NAMED.has(name) || !Array.isArray(value)) return undefined;
  const named = value.map((item): [string | undefined, unknown] => [nameOf(item), item]);
  const isWhole = named.every((item): item is [string, unknown] => item[0] !== undefined);
  return isWhole && new Set(named.map(([own]) => own)).size === named.length ? named : undefined;
}

/** Capabilities and tools have a name; a binding of a service has a service and a handler. */
function nameOf(item: unknown): string | undefined {
  if (typeof item !== "object" || item === null) return undefined;
  const { name, service, handler } = item as Record<string, unknown>;
  if (typeof name === "string") return name;
  return typeof service === "string" && typeof handler === "string" ? `${service}:${handler}` : undefined;
}

const escaped = (member: string): string => member.replaceAll("~", "~0").replaceAll("/", "~1");

function differences(before: Fields, after: Fields): FieldChange[] {
  const fields = [...new Set([...before.keys(), ...after.keys()])];
  return fields.flatMap((field): FieldChange[] => {
    const [from, to] = [before.get(field), after.get(field)];
    if (JSON.stringify(from) === JSON.stringify(to)) return [];
    return [{ field, ...(before.has(field) && { from }), ...(after.has(field) && { to }) }];
  });
}

function shortened(change: FieldChange): FieldChange {
  const kept: FieldChange = { ...change, field: begun(change.field) };
  let isShort = kept.field === change.field;
  for (const side of ["from", "to"] as const) {
    if (!(side in change)) continue;
    const value = change[side];
    const text = typeof value === "string" ? value : JSON.stringify(value);
    const beginning = begun(text);
    if (beginning === text) continue;
    kept[side] = beginning;
    isShort = false;
  }
  return isShort ? kept : { ...kept, shortened: true };
}

/** The beginning of a long text; no half of a surrogate pair is left at its end. */
const begun = (text: string): string =>
  text.length <= VALUE_CHARS_MAX
    ? text
    : `${text.slice(0, VALUE_CHARS_MAX - 1).replace(/[\uD800-\uDBFF]$/, "")}…`;
