import { describe, expect, it } from "vitest";
import { reportOutcomes, type Outcome } from "../../../src/registry/services/report.ts";
import { openServices } from "../../support/services.ts";
import { BACKENDS } from "../../support/stores.ts";

const outcome = (fields: Partial<Outcome>): Outcome => ({
  service: "llm",
  provider: "a",
  selectionId: undefined,
  success: false,
  latencyMs: undefined,
  error: undefined,
  ...fields,
});

describe.each(BACKENDS)("reporting outcomes on $backend", ({ openBackend }) => {
  it("answers each in its place, and counts a selection once", async () => {
    const registry = openServices({ backend: openBackend() });
    await registry.offer("a", { circuit_breaker: { failure_threshold: 2 } });
    const selectionId = crypto.randomUUID();
    const outcomes = [
      outcome({ selectionId, latencyMs: 10 }),
      outcome({ provider: "stranger" }),
      outcome({ selectionId, latencyMs: 99 }),
      outcome({ service: "vision" }),
    ];
    const results = await reportOutcomes(registry.open("default"), outcomes, registry.now);
    expect(results).toMatchObject([
      { provider: "a", counted: true, circuit: "closed", latencyMs: 10 },
      { code: "provider_not_found" },
      { provider: "a", counted: false, circuit: "closed", latencyMs: 10 },
      { code: "provider_not_found" },
    ]);
  });

  it("opens the breaker once enough have failed in a row", async () => {
    const registry = openServices({ backend: openBackend() });
    await registry.offer("a", { circuit_breaker: { failure_threshold: 2 } });
    const outcomes = [{}, { success: true }, {}, {}].map(outcome);
    const results = await reportOutcomes(registry.open("default"), outcomes, registry.now);
    expect(results.at(-1)).toMatchObject({ counted: true, circuit: "open" });
  });
});
