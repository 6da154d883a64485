import type { ComponentChildren, JSX } from "preact";
import { useState } from "preact/hooks";

export interface Column<Row> {
  title: string;
  cell: (row: Row) => ComponentChildren;
  /** What the column is sorted by; absent: it cannot be. */
  by?: (row: Row) => string | number;
  isNumber?: boolean;
}

interface Props<Row> {
  caption: string;
  columns: readonly Column<Row>[];
  rows: readonly Row[];
  keyOf: (row: Row) => string;
  /** There are more rows than these: a sort is of these alone, and says so. */
  isPart?: boolean;
}

/** A table of which every column sorts. The first column names the row. On a narrow screen each row is a block with labels. */
export function Table<Row>({ caption, columns, rows, keyOf, isPart = false }: Props<Row>): JSX.Element {
  const [sort, setSort] = useState<{ column: number; isDown: boolean }>();
  const sorted = sort ? inOrder(rows, columns[sort.column]!.by!, sort.isDown) : rows;
  const press = (column: number) =>
    setSort(
      sort?.column === column
        ? sort.isDown
          ? undefined
          : { column, isDown: true }
        : { column, isDown: false },
    );
  return (
    <>
      {sort && isPart && (
        <p class="quiet" role="status">
          Sorted by {columns[sort.column]!.title.toLowerCase()} within these {rows.length}, not among all: the
          registry pages in its own order.
        </p>
      )}
      <table>
        <caption class="unseen">{caption}</caption>
        <thead>
          <tr>
            {columns.map(({ title, by, isNumber }, i) => (
              <th
                key={title}
                scope="col"
                class={isNumber ? "number" : undefined}
                aria-sort={sort?.column === i ? (sort.isDown ? "descending" : "ascending") : undefined}
              >
                {by ? (
                  <button type="button" class="sort" onClick={() => press(i)}>
                    {title}
                  </button>
                ) : (
                  title
                )}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {sorted.map((row) => (
            <tr key={keyOf(row)} data-key={keyOf(row)}>
              {columns.map(({ title, cell, isNumber }, i) =>
                i === 0 ? (
                  <th key={title} scope="row">
                    {cell(row)}
                  </th>
                ) : (
                  <td key={title} data-label={title} class={isNumber ? "number" : undefined}>
                    {cell(row)}
                  </td>
                ),
              )}
            </tr>
          ))}
        </tbody>
      </table>
    </>
  );
}

function inOrder<Row>(rows: readonly Row[], by: (row: Row) => string | number, isDown: boolean): Row[] {
  const compare = (a: string | number, b: string | number) =>
    typeof a === "number" && typeof b === "number" ? a - b : String(a) < String(b) ? -1 : a === b ? 0 : 1;
  return rows.toSorted((a, b) => compare(by(a), by(b)) * (isDown ? -1 : 1));
}
