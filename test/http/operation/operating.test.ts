import { describe, expect, it } from "vitest";
import grafana from "../../../docs/grafana.json?raw";
import operating from "../../../docs/operating.md?raw";
import { KEYS } from "../../support/authorisation.ts";
import { bearer, keysAccess } from "../../support/keys.ts";
import { Registry } from "../../support/registry.ts";
import { scrape } from "../../support/scrape.ts";
import { ECHO } from "../../support/toolsets.ts";

/** Each series of a registry that has something of everything, with its labels. */
async function seriesThereAre(): Promise<Map<string, Set<string>>> {
  const registry = new Registry({ access: await keysAccess(KEYS) });
  const [owner, admin] = [bearer("key-owner"), bearer("key-admin")];
  await registry.register({ capabilities: ["spot"], services: [{ service: "llm" }], status: "busy" }, owner);
  await registry.post("/v1/toolsets", { name: "tools", tools: [ECHO] }, owner);
  await registry.post("/v1/sweep", undefined, owner);
  await registry.post("/v1/sweep", undefined, admin);
  const { families } = await scrape(registry, admin);
  return new Map(
    families.map(({ name, metrics }) => [
      name,
      new Set(metrics.flatMap(({ labels = {} }) => Object.keys(labels))),
    ]),
  );
}

/** The metrics that a text names, each with the labels that it selects or lists. */
const namedIn = (text: string) =>
  [...text.matchAll(/\b(rollcall_\w+)(?:\{([^}]*)\})?/g)].map(([, name, labels = ""]) => ({
    name: name!,
    labels: [...labels.matchAll(/(\w+)(?=$|,|=)/g)].map(([, label]) => label!),
  }));

interface Dashboard {
  templating: { list: { name: string; query: string }[] };
  panels: { title: string; targets: { expr: string }[] }[];
}

describe.each([
  ["docs/operating.md", operating],
  ["docs/grafana.json", grafana.replaceAll('\\"', '"')],
])("%s", (_name, text) => {
  it("names no metric, and no label of one, that there is not", async () => {
    const known = await seriesThereAre();
    const named = namedIn(text);
    expect(named.length).toBeGreaterThan(20);
    // The scrape's configuration adds the namespace.
    const unknown = named.filter(
      ({ name, labels }) =>
        !known.has(name) || labels.some((label) => label !== "namespace" && !known.get(name)!.has(label)),
    );
    expect(unknown).toEqual([]);
  });

  it("leaves no metric out", async () => {
    const named = new Set(namedIn(text).map(({ name }) => name));
    expect([...(await seriesThereAre()).keys()].filter((name) => !named.has(name))).toEqual([]);
  });
});

it("docs/grafana.json is a dashboard each panel of which asks for something", () => {
  const { panels, templating } = JSON.parse(grafana) as Dashboard;
  expect(templating.list.map(({ name }) => name)).toEqual(["datasource", "namespace"]);
  expect(panels.length).toBeGreaterThan(10);
  for (const { title, targets } of panels) {
    expect(targets.length, title).toBeGreaterThan(0);
    for (const { expr } of targets) expect(namedIn(expr).length, title).toBeGreaterThan(0);
  }
});
