import type { ListedComponent } from "./activation-file.ts";

export interface Item extends ListedComponent {
  /** In the file, from 0. */
  index: number;
}

/** What one request carries: the components of all ids between two. */
export interface Part {
  items: Item[];
  /** The part begins after this id; undefined: with the first. */
  after: string | undefined;
  /** The part's last id; undefined: it goes to the end. */
  through: string | undefined;
}

/** Per request. Few, so that the progress bar moves. */
const PART_ITEMS = 50;
/** Per request; the registry takes 256 KiB. */
const PART_CHARS = 200_000;

/** What a component's id can look like. Of others the registry says what is wrong with them; they come last. */
const ID = /^[A-Za-z0-9][A-Za-z0-9._:/@-]{0,255}$/;

function idOf({ component }: ListedComponent): string | undefined {
  const { type, name } = (component ?? {}) as { type?: unknown; name?: unknown };
  if (typeof type !== "string" || typeof name !== "string") return undefined;
  const id = `${type}/${name}`;
  return name !== "" && ID.test(id) ? id : undefined;
}

/**
 * Cuts a file, in the order of its ids, into parts that can be imported one by one: together they cover all ids, and components
 * of one id are in one part. An empty file is one part.
 */
export function* partsOf(listed: readonly ListedComponent[]): Generator<Part> {
  const items = listed.map((item, index) => ({ ...item, index, id: idOf(item) }));
  const named = items.filter(({ id }) => id !== undefined);
  const inOrder = named.toSorted((a, b) => (a.id! < b.id! ? -1 : Number(a.id! > b.id!)));
  const unnamed = items.filter(({ id }) => id === undefined);

  let part: typeof items = [];
  let chars = 0;
  let after: string | undefined;
  for (const item of [...inOrder, ...unnamed]) {
    const size = JSON.stringify(item.component).length;
    const last = part.at(-1);
    const isFull = part.length >= PART_ITEMS || chars + size > PART_CHARS;
    if (last && isFull && (item.id === undefined || item.id !== last.id)) {
      yield { items: part, after, through: item.id === undefined ? undefined : last.id };
      after = last.id ?? after;
      part = [];
      chars = 0;
    }
    part.push(item);
    chars += size;
  }
  yield { items: part, after, through: undefined };
}
