import * as z from "zod";
import { check } from "../../../core/check.ts";
import { entryId } from "../../../core/names.ts";
import { invalid, Problem } from "../../../core/problem.ts";
import { backupLine, type RestoreOutcome } from "../../../core/restoration.ts";
import { EXPORT_START, exported, type ExportPlace } from "../../../registry/backup/export.ts";
import { restore, type RestoredLine } from "../../../registry/backup/restore.ts";
import { decodeOpaque, encodeOpaque } from "../../../registry/opaque.ts";
import type { Namespace } from "../../../registry/namespace.ts";
import type * as shapes from "../../answers/index.ts";
import { endpoint } from "../../frame/endpoint.ts";
import { itemProblem } from "../../frame/problem-body.ts";
import { param } from "../../frame/query.ts";
import { linesReply } from "../../frame/lines-reply.ts";

const count = z.int().min(0);
const place = z.strictObject({
  kind: z.enum(["agent", "toolset"]),
  after: z.union([z.literal(""), entryId]),
  counts: z.strictObject({ agents: count, drains: count, overrides: count, toolsets: count }),
});

/** @throws {Problem} `invalid_request` */
function placeAt(cursor: string | undefined): ExportPlace {
  if (cursor === undefined) return EXPORT_START;
  try {
    const found = check(place, JSON.parse(decodeOpaque(cursor)));
    if (!(found instanceof Problem)) return found;
  } catch {
    // No JSON.
  }
  throw invalid([{ pointer: "/cursor", detail: "is not the cursor of an export" }]);
}

type Line = z.output<typeof shapes.exportLine>;

async function* linesFrom(
  namespace: Namespace,
  from: ExportPlace,
  now: number,
): AsyncGenerator<Line[], void> {
  for await (const { lines, next } of exported(namespace, from, now)) {
    yield next ? [{ kind: "cursor", cursor: encodeOpaque(JSON.stringify(next)) }] : lines;
  }
}

const exportAll = endpoint({
  method: "GET",
  path: "/v1/export",
  operationId: "exportAll",
  group: "operation",
  scope: "admin",
  query: z.strictObject({ cursor: z.string().max(2048).optional() }),
  refusals: ["invalid_request"],
  async handle({ namespace, query, now }) {
    return { status: 200, raw: await linesReply(linesFrom(namespace, placeAt(query.cursor), now)) };
  },
});

const LINES_MAX = 1000;
const RESTORED_BYTES_MAX = 1_048_576;

const restoreLines = endpoint({
  method: "POST",
  path: "/v1/restore",
  operationId: "restore",
  group: "operation",
  scope: "admin",
  query: z.strictObject({ dry_run: param.flag() }),
  takesLines: true,
  bodyBytesMax: RESTORED_BYTES_MAX,
  body: z.array(z.object({ number: z.int(), value: z.unknown() })).max(LINES_MAX),
  bodyShape: backupLine,
  refusals: ["invalid_request"],
  async handle({ namespace, asker, query, body, now }) {
    const isDryRun = query.dry_run === "true";
    const lines = await restore(namespace, asker, body, isDryRun, now);
    const countOf = (outcome: RestoreOutcome) => {
      const of = (kind: RestoredLine["kind"]) =>
        lines.filter((line) => line.kind === kind && line.result === outcome).length;
      return {
        agents: of("agent"),
        drains: of("drain"),
        overrides: of("override"),
        toolsets: of("toolset"),
      };
    };
    const failed = lines.flatMap(({ number, kind, id, result }) =>
      result instanceof Problem ? [{ line: number, kind, id, ...itemProblem(result) }] : [],
    );
    const counts = {
      restored: countOf("restored"),
      kept: countOf("kept"),
      waiting: countOf("waiting"),
    };
    return { status: 200, body: { dry_run: isDryRun, ...counts, failed } };
  },
});

export const backupEndpoints = [exportAll, restoreLines];
