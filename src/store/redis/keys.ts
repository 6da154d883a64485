import type { Kind, Ref } from "../../core/entry.ts";

/** Every key of a namespace; docs/storage.md gives each one's shape. */
export function keysOf(prefix: string, namespace: string) {
  const base = `${prefix}:${namespace}:`;
  return {
    documents: (kind: string) => `${base}doc:${kind}:`,
    document: ({ kind, id }: Ref<Kind>) => `${base}doc:${kind}:${id}`,
    leases: (kind: string) => `${base}lease:${kind}:`,
    lease: ({ kind, id }: Ref<Kind>, fence: string) => `${base}lease:${kind}:${id}:${fence}`,
    holder: (name: string) => `${base}hub:${name}`,
    ended: ({ kind, id }: Ref<Kind>) => `${base}ended:${kind}:${id}`,
    index: (term: string) => `${base}ix:${term}`,
    /** The sizes of the terms' indexes, as earlier versions wrote them. */
    terms: `${base}terms`,
    termNames: `${base}term_names`,
    usage: `${base}usage`,
    stamps: `${base}stamps`,
    directives: `${base}directives`,
    ledger: `${base}ledger`,
    events: `${base}events`,
    flip: ({ kind, id }: { kind: string; id: string }) => `${base}flip:${kind}:${id}`,
    replaced: `${base}replaced`,
    /** The newest events of one entry. */
    log: ({ kind, id }: Ref<Kind>) => `${base}log:${kind}:${id}`,
    history: `${base}history`,
    sweep: `${base}sweep`,
    stretch: `${base}stretch`,
    room: `${base}room`,
    /** Those of programs, by their ids; and the hour in which each was last used. */
    apiKeys: `${base}api-keys`,
    apiKeyHours: `${base}api-key-hours`,
    signingKey: `${base}signing-key`,
  };
}
export type Keys = ReturnType<typeof keysOf>;

/** An entry's field in the hashes that go by entry. */
export const fieldOf = ({ kind, id }: Ref<Kind>): string => `${kind}:${id}`;

// 0x1f sorts before every character an id may have, so members sort by id. No id and no fence contains it.
const SEPARATOR = "\x1f";

/** An index member: sorts by id, and gives the keys of document and lease without another read. */
export const memberOf = (id: string, fence: string): string => id + SEPARATOR + fence;

export function parseMember(member: string): { id: string; fence: string } {
  const at = member.indexOf(SEPARATOR);
  return { id: member.slice(0, at), fence: member.slice(at + 1) };
}

/** The lexical bounds of the members of one id, whatever their fence. */
export const membersOf = (id: string): [min: string, max: string] => [`[${id}${SEPARATOR}`, `(${id}\x20`];

/** The lexical minimum of the members after `id`, whatever their fence. */
export const afterId = (id: string): "-" | `(${string}` => (id === "" ? "-" : `(${id}\x20`);
