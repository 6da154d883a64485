import type { Region } from "../core/entry.ts";

/** Where the platform can place an object, by continent. */
const PLACES: Readonly<Record<string, string>> = {
  NA: "enam",
  SA: "sam",
  EU: "weur",
  AF: "afr",
  AS: "apac",
  OC: "oc",
};

/** undefined: the platform does not say where that is, and places an object near whoever asks for it first. */
export const placeOf = (region: Region | null): string | undefined => PLACES[region?.continent ?? ""];

/** The place that most of them are in; of equals the one that comes first. */
export function placeOfMost(regions: readonly (Region | null)[]): string | undefined {
  const counts = new Map<string, number>();
  for (const region of regions) {
    const place = placeOf(region);
    if (place !== undefined) counts.set(place, (counts.get(place) ?? 0) + 1);
  }
  const most = Math.max(...counts.values());
  return [...counts].find(([, count]) => count === most)?.[0];
}
