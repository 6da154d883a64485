import { median, medianWithInterval, ratiosOf } from "../load/statistics.ts";
import type { Comparison, Turns } from "../measure/compare.ts";
import { BUNDLE_KIB_MAX } from "../servers/bundle.ts";
import type { Table } from "./table.ts";

/** CPU before / CPU after: a request may take 3 % more. */
const CPU_RATIO_MIN = 0.97;
/** CPU after / CPU before */
const START_UP_RATIO_MAX = 1.15;

const word = (met: boolean): string => (met ? "met" : "MISSED");

export function comparisonTables({ requests, startUp, gzipBytes }: Comparison): Table[] {
  const kib = (bytes: number) => (bytes / 1024).toFixed(1);
  return [
    {
      title: "CPU of the Worker's process per request",
      note: `Plain workerd, in turns, ${requests[0]!.before.length} rounds. The ratio is the median over rounds, with the interval that holds it at 95 %.`,
      columns: ["operation", "before µs", "after µs", "before/after", "95 %", "bar", ""],
      rows: requests.map((turns) =>
        rowOf(
          turns,
          1000,
          ratiosOf(turns.before, turns.after),
          `≥ ${CPU_RATIO_MIN}`,
          (r) => r >= CPU_RATIO_MIN,
        ),
      ),
    },
    {
      title: "Start-up",
      note: `CPU to load the bundle and give the first answer, beyond an empty Worker; ${startUp.before.length} rounds.`,
      columns: ["", "before ms", "after ms", "after/before", "95 %", "bar", ""],
      rows: [
        rowOf(
          startUp,
          1,
          ratiosOf(startUp.after, startUp.before),
          `≤ ${START_UP_RATIO_MAX}`,
          (r) => r <= START_UP_RATIO_MAX,
        ),
      ],
    },
    {
      title: "Bundle",
      columns: ["", "before", "after", "bar", ""],
      rows: [
        [
          "KiB gzip",
          kib(gzipBytes.before),
          kib(gzipBytes.after),
          `≤ ${BUNDLE_KIB_MAX}`,
          word(gzipBytes.after <= BUNDLE_KIB_MAX * 1024),
        ],
      ],
    },
  ];
}

function rowOf(
  turns: Turns,
  scale: number,
  ratios: readonly number[],
  bar: string,
  meets: (ratio: number) => boolean,
): string[] {
  const ratio = medianWithInterval(ratios);
  return [
    turns.name,
    (median(turns.before) * scale).toFixed(1),
    (median(turns.after) * scale).toFixed(1),
    ratio.median.toFixed(3),
    `${ratio.low.toFixed(3)} … ${ratio.high.toFixed(3)}`,
    bar,
    word(meets(ratio.median)),
  ];
}
