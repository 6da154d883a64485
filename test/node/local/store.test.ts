import { systemClock } from "../../../src/local/clock.ts";
import { memory } from "../../../src/local/databases.ts";
import { LocalObjects } from "../../../src/local/objects.ts";
import { sqlite } from "../../../src/local/sqlite.ts";
import { durableStore, hostedRegistry } from "../../../src/store/embedded/durable-store.ts";
import { storeConformance } from "../../store/conformance.ts";
import { T0 } from "../../store/conformance/opened.ts";

storeConformance("a Node.js process", () => {
  let now = T0;
  const objects = new LocalObjects({
    clock: systemClock,
    databases: memory(sqlite()).databasesOf("registry"),
    run: (host) => hostedRegistry(host, () => now),
  });
  return {
    store: durableStore(() => objects.stub("default")),
    advance: async (to) => void (now = to),
  };
});
