/**
 * Writes what browsers load, to dist/assets: what lies in src/dashboard/public, the dashboard as one script,
 * the OpenAPI document, and the pages that are the
 * same for everybody. wrangler runs it before it serves, builds or deploys (wrangler.toml). Several may run at once: a file that is
 * as it should be is left alone, and one is replaced in one step.
 */
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { type ProblemCode, PROBLEMS } from "../src/core/problem.ts";
import { REMEDIES } from "../src/core/remedies.ts";
import { docsPage, errorPage } from "../src/http/frame/page.ts";
import { DOCUMENTATION } from "../src/http/documentation/index.ts";
import { EXAMPLES } from "../src/http/examples.ts";
import { htmlHeaders } from "../src/http/frame/html-reply.ts";
import { openApiDocument } from "../src/http/frame/openapi/document.ts";
import { endpoints } from "../src/http/routes.ts";
import { dashboardScript } from "./dashboard.ts";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const PUBLIC = join(ROOT, "src/dashboard/public");
const OUT = join(ROOT, "dist/assets");

/** The paths of all files under a folder, relative to it. */
const filesIn = (folder: string): string[] =>
  readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((found) => found.isFile())
    .map(({ parentPath, name }) => relative(folder, join(parentPath, name)));

/** The headers of all paths that a pattern of the platform's `_headers` file matches. */
const headersOf = (pattern: string, headers: Record<string, string>): string =>
  [pattern, ...Object.entries(headers).map(([name, value]) => `  ${name}: ${value}`)].join("\n");

const { "Content-Type": _, ...pageHeaders } = htmlHeaders({ "Cache-Control": "no-cache" });
const everywhere = { "X-Content-Type-Options": "nosniff" };
// Anybody may read the document, from any page: it says nothing of what is registered.
const documentHeaders = { "Cache-Control": "no-cache", "Access-Control-Allow-Origin": "*" };

const codes = Object.keys(PROBLEMS) as ProblemCode[];
const documented = endpoints.filter(({ group }) => group !== null);

const written: Record<string, string | Buffer> = {
  ...Object.fromEntries(filesIn(PUBLIC).map((path) => [path, readFileSync(join(PUBLIC, path))])),
  "ui/app.js": dashboardScript(),
  "openapi.json": JSON.stringify(openApiDocument(endpoints, DOCUMENTATION, EXAMPLES)),
  "docs.html": docsPage().toString(),
  ...Object.fromEntries(
    codes.map((code) => {
      const answeredBy = documented.filter(({ refusals }) => refusals.includes(code));
      const shown = { code, ...PROBLEMS[code], remedy: REMEDIES[code], answeredBy };
      return [`errors/${code}.html`, errorPage(shown).toString()];
    }),
  ),
  _headers: [
    headersOf("/*", everywhere),
    headersOf("/ui/*", { "Cross-Origin-Resource-Policy": "same-origin" }),
    headersOf("/openapi.json", documentHeaders),
    ...["/docs", "/errors/*"].map((pattern) => headersOf(pattern, pageHeaders)),
    "",
  ].join("\n\n"),
};

for (const [path, content] of Object.entries(written)) write(join(OUT, path), Buffer.from(content));
for (const path of filesIn(OUT)) {
  if (!Object.hasOwn(written, path) && !path.endsWith(".part")) rmSync(join(OUT, path), { force: true });
}

function write(path: string, content: Buffer): void {
  if (isThere(path, content)) return;
  const part = `${path}.${process.pid}.part`;
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(part, content);
  renameSync(part, path);
}

function isThere(path: string, content: Buffer): boolean {
  try {
    return readFileSync(path).equals(content);
  } catch {
    return false;
  }
}
