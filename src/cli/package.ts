import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** The package's folder is two above this file's, in a checkout and when installed. */
export const packageFile = (path: string): string => fileURLToPath(new URL(`../../${path}`, import.meta.url));

interface Manifest {
  version: string;
  devDependencies?: Record<string, string>;
  /** In the installed package only: what single commands need. */
  peerDependencies?: Record<string, string>;
  /** In the installed package only: the exact versions of the tools that `dev` fetches. */
  devTools?: Record<string, string>;
}

export const manifest = (): Manifest =>
  JSON.parse(readFileSync(packageFile("package.json"), "utf8")) as Manifest;
export const version = (): string => manifest().version;

/** Of the official MCP client, with which the bridge was tried. */
export function mcpClientVersion(): string {
  const { peerDependencies, devDependencies = {} } = manifest();
  return (peerDependencies ?? devDependencies)["@modelcontextprotocol/client"]!;
}

/** The Worker's configuration: the built one when installed, else the checkout's. */
export function workerConfig(): string {
  const built = packageFile("worker/wrangler.json");
  return existsSync(built) ? built : packageFile("wrangler.toml");
}
