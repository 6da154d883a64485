import type { Bar } from "../bars.ts";
import type { Results } from "../results.ts";
import { asText } from "./table.ts";
import { barTable, tablesOf } from "./tables.ts";

/** What the bench prints: the bars last, because that is what one looks for. */
export const toText = (results: Results, bars: readonly Bar[]): string =>
  [...tablesOf(results), barTable(bars)].map(asText).join("\n\n\n");
