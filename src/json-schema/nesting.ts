import { pointerStep } from "./json-value.ts";

/** Where in a keyword's value further schemas are. */
export type Nesting = "schema" | "list" | "schema or list" | "map" | "map of schemas or names";

/** The schemas in a keyword's value, each with the pointer from the keyword to it. */
export function children(nesting: Nesting | undefined, value: unknown): [pointer: string, child: unknown][] {
  const list = () =>
    (value as unknown[]).map((child, index): [string, unknown] => [pointerStep(index), child]);
  const map = () =>
    Object.entries(value as object).map(([name, child]): [string, unknown] => [pointerStep(name), child]);
  switch (nesting) {
    case undefined:
      return [];
    case "schema":
      return [["", value]];
    case "list":
      return list();
    case "schema or list":
      return Array.isArray(value) ? list() : [["", value]];
    case "map":
      return map();
    case "map of schemas or names":
      return map().filter(([, child]) => !Array.isArray(child));
  }
}
