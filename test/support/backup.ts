import type * as z from "zod";
import { expect } from "vitest";
import { exportLine, restored } from "../../src/http/answers/index.ts";
import { shardedStore } from "../../src/store/sharded/sharded-store.ts";
import type { Registry } from "./registry.ts";
import { type Backend, BACKENDS, embeddedBackend } from "./stores.ts";

export type Line = z.output<typeof exportLine>;

/** Every line of a text, checked: a schema that would drop or add something would show another one. */
export function linesIn(text: string): Line[] {
  const lines = text
    .trim()
    .split("\n")
    .map((line): unknown => JSON.parse(line));
  return lines.map((line) => {
    const parsed = exportLine.parse(line);
    expect(parsed).toEqual(line);
    return parsed;
  });
}

/** One answer. */
export async function exportFrom(
  registry: Registry,
  query = "",
  headers: Record<string, string> = {},
): Promise<Line[]> {
  const response = await registry.fetch(`/v1/export${query}`, { headers });
  // workerd warns of a text that is not called one.
  const text = new TextDecoder().decode(await response.arrayBuffer());
  if (response.status !== 200) throw new Error(`no export: ${response.status} ${text}`);
  return linesIn(text);
}

/** All answers of one export. */
export async function exportWhole(
  registry: Registry,
  headers: Record<string, string> = {},
): Promise<Line[][]> {
  const answers: Line[][] = [];
  for (let query = ""; ;) {
    const lines = await exportFrom(registry, query, headers);
    answers.push(lines);
    const last = lines.at(-1);
    if (last?.kind === "end") return answers;
    if (last?.kind !== "cursor") throw new Error(`cut off after ${JSON.stringify(last)}`);
    query = `?cursor=${last.cursor}`;
  }
}

export type Restored = z.output<typeof restored>;

const NO_HEADERS: Record<string, string> = {};

/** Lines that must be taken. */
export async function restoreTo(
  registry: Registry,
  lines: readonly object[],
  { headers = NO_HEADERS, query = "" } = {},
): Promise<Restored> {
  const { status, body } = await sendLines(registry, lines.map((line) => JSON.stringify(line)).join("\n"), {
    headers,
    query,
  });
  if (status !== 200) throw new Error(`not restored: ${status} ${JSON.stringify(body)}`);
  return restored.parse(body);
}

export async function sendLines(
  registry: Registry,
  body: string | Uint8Array<ArrayBuffer>,
  { headers = NO_HEADERS, query = "" } = {},
): Promise<{ status: number; body: unknown }> {
  const response = await registry.fetch(`/v1/restore${query}`, {
    method: "POST",
    headers: { "Content-Type": "application/x-ndjson", ...headers },
    body,
  });
  return { status: response.status, body: await response.json() };
}

/** One namespace over two shards. */
function shardedBackend(): Backend {
  const backend = embeddedBackend();
  const shard = (name: string) => ({ name, store: backend.open(name) });
  return {
    ...backend,
    open: (namespace) => shardedStore([shard(`${namespace} one`), shard(`${namespace} two`)]),
  };
}

/** What a backup is made of, and restored to. */
export const KEPT_IN = [...BACKENDS, { backend: "two shards", openBackend: shardedBackend }] as const;
