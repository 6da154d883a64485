import parse, { type Family } from "parse-prometheus-text-format";
import type { Registry } from "./registry.ts";

export interface Scrape {
  status: number;
  headers: Headers;
  text: string;
  families: Family[];
  /** The names of the families, without the prefix. */
  names: string[];
  /** The samples of a family, named without the prefix: each with its labels' values, joined by a space. */
  of: (name: string) => Record<string, number>;
}

/** Asks for the metrics, and reads them with a parser of Prometheus's format. */
export async function scrape(registry: Registry, headers: Record<string, string> = {}): Promise<Scrape> {
  const answer = await registry.fetch("/metrics", { headers });
  const text = await answer.text();
  const families = parse(text);
  return {
    status: answer.status,
    headers: answer.headers,
    text,
    families,
    names: families.map(({ name }) => name.replace("rollcall_", "")),
    of(name) {
      const { metrics = [] } = families.find((family) => family.name === `rollcall_${name}`) ?? {};
      const samples = metrics.map(({ value, labels = {} }) => [
        Object.values(labels).join(" "),
        Number(value),
      ]);
      return Object.fromEntries(samples) as Record<string, number>;
    },
  };
}
