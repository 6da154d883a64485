import type { Entry } from "../../core/entry.ts";
import { byId } from "../../core/order.ts";
import { allowsObjects, type Tool } from "../../core/toolsets/tool.ts";
import type { Store } from "../../store/store.ts";
import { sha256, toHex } from "../digest.ts";

/** The store is asked at most once in so many ms, however many requests of an isolate look. */
export const OUTLINES_EVERY_MS = 5000;

/** More toolsets than there are: a draw of all is one round trip, and brings only what is new to the isolate. */
const ALL = 1_000_000;

/** What a list of tools depends on, of one toolset. */
export interface ToolsetOutline extends Pick<Entry<"toolset">, "lease"> {
  id: string;
  tags: readonly string[];
  /** Digest of all that clients see of its tools. */
  tools: string;
}

export interface Outlines {
  /** As of when they are, ms since the Unix epoch. */
  at: number;
  /** In order of id; without those that have no tool which takes an object. */
  toolsets: readonly ToolsetOutline[];
}

/**
 * The outlines of a namespace's toolsets, up to 5 s old. A read that fails fails for all who look in those 5 s.
 *
 * @returns a function that gives them, and throws the Problem `store_unavailable`
 */
export function outlinesOf(
  store: Store,
  { clock, pause }: { clock: () => number; pause: (ms: number) => Promise<void> },
): () => Promise<Outlines> {
  let latest: { at: number; outlines: Promise<Outlines>; isRead: boolean } | undefined;
  return async () => {
    for (;;) {
      const now = clock();
      if (!latest || now - latest.at >= OUTLINES_EVERY_MS) {
        const look = { at: now, outlines: readOutlines(store, now), isRead: false };
        latest = look;
        return look.outlines.finally(() => (look.isRead = true));
      }
      if (latest.isRead) return latest.outlines;
      // Another request's read never ends if that request is gone meanwhile.
      const over = pause(latest.at + OUTLINES_EVERY_MS - now).then(() => undefined);
      const outlines = await Promise.race([latest.outlines, over]);
      if (outlines) return outlines;
    }
  };
}

async function readOutlines(store: Store, now: number): Promise<Outlines> {
  const toolsets: ToolsetOutline[] = [];
  let draw = await store.sample({ kind: "toolset", terms: ["toolset"], exhaustive: ALL, size: 0 }, now);
  for (;;) {
    const outlines = await Promise.all(draw.entries.map(outlineOf));
    toolsets.push(...outlines.filter((outline) => outline !== undefined));
    if (draw.unread === 0) return { at: now, toolsets: toolsets.toSorted(byId) };
    draw = await draw.more(0);
  }
}

async function outlineOf({ document, lease }: Entry<"toolset">): Promise<ToolsetOutline | undefined> {
  const { id, tags, tools } = document.registration;
  const callable = tools.filter(({ payload_schema }) => allowsObjects(payload_schema));
  if (callable.length === 0) return undefined;
  return { id, tags, tools: toHex(await sha256(JSON.stringify(callable.map(visible)))), lease };
}

const visible = ({ name, description, mcp, payload_hash, result_hash }: Tool): unknown => [
  name,
  description,
  mcp,
  payload_hash,
  result_hash,
];
