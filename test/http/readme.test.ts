import { expect, it } from "vitest";
import readme from "../../README.md?raw";
import { endpoints } from "../../src/http/routes.ts";

/** The routes in the table's first column: `` `GET /a` ``, or `` `GET`, `DELETE /a/{id}?b=…` `` where a path has several. */
function routesIn(markdown: string): string[] {
  const routes: string[] = [];
  for (const [, cell] of markdown.matchAll(/^\| (`(?:GET|POST|PUT|DELETE)\b.*?) \|/gm)) {
    let methods: string[] = [];
    for (const [, method, path] of cell!.matchAll(/`([A-Z]+)(?: ([^?`]+)[^`]*)?`/g)) {
      methods.push(method!);
      if (path === undefined) continue;
      routes.push(...methods.map((each) => `${each} ${path}`));
      methods = [];
    }
  }
  return routes;
}

it("lists every route of the API in README's table, and no other", () => {
  const documented = endpoints
    .filter(({ group }) => group !== null)
    .map(({ method, path }) => `${method} ${path.replaceAll(/:(\w+)/g, "{$1}")}`);
  // The document is a file (scripts/assets.ts), so no endpoint is behind it.
  expect(routesIn(readme).toSorted()).toEqual([...documented, "GET /openapi.json"].toSorted());
});
