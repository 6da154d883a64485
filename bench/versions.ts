import { readFileSync } from "node:fs";
import { release } from "node:os";

const versionOf = (name: string): string =>
  (
    JSON.parse(readFileSync(new URL(`../node_modules/${name}/package.json`, import.meta.url), "utf8")) as {
      version: string;
    }
  ).version;

/** The versions of everything that the results depend on. */
export function versionsOf(redis: string, peers: Record<string, string>): Record<string, string> {
  const packages = ["workerd", "miniflare", "wrangler", "hono", "@upstash/redis", "zod", "ioredis", "undici"];
  return {
    system: `${process.platform} ${release()}`,
    Node: process.versions.node,
    redis,
    ...peers,
    ...Object.fromEntries(packages.map((name) => [name, versionOf(name)])),
  };
}
