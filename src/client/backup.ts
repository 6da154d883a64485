import type { RequestOptions } from "./options.ts";
import { RollcallError } from "./problem.ts";
import type { ExportLine, Restored } from "./shapes.ts";
import type { Transport } from "./transport.ts";

/** A restore may put 1,000 entries into the store. */
const RESTORE_TIMEOUT_MS = 60_000;

/** A backup of the client's own namespace: what is registered, one JSON value a line. Scope `admin`. */
export const backup = ({ send, stream }: Transport) => {
  /**
   * Reads one answer of an export, of some MB at most. `timeoutMs` is for each piece of it that arrives.
   *
   * @param cursor  where the answer before ended
   * @returns its lines, and where the next one begins; null: the export is complete, and its last line is `end`
   * @throws {RollcallError} `network` for an answer that broke off: none of it is a backup
   */
  const part = ({ cursor, ...options }: RequestOptions & { cursor?: string | null } = {}) =>
    stream("/v1/export", { query: { cursor }, ...options }, async (response, alive) => {
      const lines = await linesOf(response, alive);
      const last = lines.at(-1);
      if (last?.kind === "cursor") return { lines: lines.slice(0, -1), cursor: last.cursor };
      if (last?.kind === "end") return { lines, cursor: null };
      throw new RollcallError("network", "The export broke off.");
    });

  return {
    part,

    /**
     * Yields everything that is registered, without secrets: agents in order of id, each followed by its drain and by what
     * operators set for it, then toolsets; `header` first, `end` with their numbers last.
     *
     * @throws {RollcallError} as `part`
     */
    async *export(options: RequestOptions = {}): AsyncGenerator<ExportLine, void> {
      for (let cursor: string | null | undefined; cursor !== null;) {
        const answer = await part({ ...options, ...(cursor !== undefined && { cursor }) });
        // Each answer has a header; the first is of them all.
        yield* cursor === undefined ? answer.lines : answer.lines.filter(({ kind }) => kind !== "header");
        ({ cursor } = answer);
      }
    },

    /**
     * Puts back what is in lines of an export and the registry lacks, each line by itself: static agents, toolsets, drains and
     * overrides. The same can be restored again. Waits up to 60 s by default.
     *
     * @param lines  up to 1,000, with 1 MiB in all
     * @returns how many were restored, `kept` (they are there, and stay as they are) or `waiting`: agents that call in come back
     * by themselves, and drains and overrides can be restored again once their agents are there; and the `failed` ones
     */
    restore: (lines: readonly string[], { dryRun, ...options }: RequestOptions & { dryRun?: boolean } = {}) =>
      send<Restored>("POST", "/v1/restore", {
        lines,
        query: { dry_run: dryRun },
        timeoutMs: RESTORE_TIMEOUT_MS,
        ...options,
      }),
  };
};

async function linesOf({ body }: Response, alive: () => void): Promise<ExportLine[]> {
  const decoder = new TextDecoder();
  const lines: ExportLine[] = [];
  let text = "";
  for await (const chunk of chunksOf(body)) {
    alive();
    const pieces = (text + decoder.decode(chunk, { stream: true })).split("\n");
    text = pieces.pop()!;
    for (const piece of pieces) lines.push(JSON.parse(piece) as ExportLine);
  }
  return lines;
}

/** Not every platform's streams can be iterated. */
async function* chunksOf(body: ReadableStream<Uint8Array> | null): AsyncGenerator<Uint8Array, void> {
  const reader = body?.getReader();
  for (;;) {
    const { done, value } = (await reader?.read()) ?? { done: true as const, value: undefined };
    if (done) return;
    yield value;
  }
}
