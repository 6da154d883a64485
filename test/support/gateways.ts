import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import type { Gateway } from "../../src/gateway/gateway.ts";
import { durableGateway } from "../../src/gateway/durable-gateway.ts";
import type { Backend } from "./stores.ts";

const TABLES = ["epoch", "call", "delta"];

/** A backend whose gateways can be reached from behind, by the toolset's name: broken, mended, looked into. */
export function reachableGateways(backend: Backend) {
  const own = crypto.randomUUID();
  const stubOf = (toolset = "tools", namespace = "default") =>
    env.TOOL_GATEWAY.getByName([own, namespace, toolset].join("\x1f"));
  const rename = (
    from: (table: string) => string,
    to: (table: string) => string,
    tables: readonly string[],
  ) =>
    runInDurableObject(stubOf(), (_, { storage }) => {
      for (const table of tables) storage.sql.exec(`ALTER TABLE ${from(table)} RENAME TO ${to(table)}`);
    });
  const itself = (table: string) => table;
  const mislaid = (table: string) => `mislaid_${table}`;
  return {
    backend: {
      ...backend,
      openGateway: (namespace: string, toolset: string) => durableGateway(() => stubOf(toolset, namespace)),
    },
    stubOf,
    /** What the alarm does, at an instant of the test's own. */
    tick: (now: number) => runInDurableObject(stubOf(), ({ hosted }) => hosted.inner.tick(now)),
    /** From here on the gateway throws wherever it looks at one of the tables. */
    fail: (tables: readonly string[] = TABLES) => rename(itself, mislaid, tables),
    recover: (tables: readonly string[] = TABLES) => rename(mislaid, itself, tables),
  };
}

/** Counts what the gateways of a backend are called for. */
export function countingGateways(backend: Backend): { backend: Backend; calls: string[] } {
  const calls: string[] = [];
  const openGateway = (namespace: string, toolset: string): Gateway => {
    const gateway = backend.openGateway(namespace, toolset);
    const counted = Object.entries(gateway).map(([method, call]: [string, (...args: never[]) => unknown]) => [
      method,
      (...args: never[]) => {
        calls.push(method);
        return call(...args);
      },
    ]);
    return Object.fromEntries(counted) as Gateway;
  };
  return { backend: { ...backend, openGateway }, calls };
}
