import { describe, expect, it } from "vitest";
import moving from "../../docs/moving.md?raw";
import { apiKeys, bearer, type TestKey } from "./keys.ts";
import { BREAKABLE, type Breakable } from "./outage.ts";
import type { RegistryOptions } from "./registry.ts";
import { BACKENDS } from "./stores.ts";
import { Toolsets } from "./toolsets.ts";

/** What every request is sent with where keys are asked for, unless it says otherwise. */
export const MOVER: TestKey = { name: "mover", token: "key-of-mover", scopes: ["read", "write"] };
export const OPERATOR = bearer("key-of-operator");
const API_KEYS = await apiKeys([
  MOVER,
  { name: "operator", token: "key-of-operator", scopes: ["admin"] },
  { name: "neighbour", token: "key-of-neighbour", scopes: ["read", "write"] },
  { name: "stranger", token: "key-of-stranger", scopes: ["read"], namespace: "elsewhere" },
]);

/** A registry, with the words for tools, that notes what it was asked. */
export class AskedRegistry extends Toolsets {
  readonly #note: (request: string) => void;

  constructor(options: RegistryOptions, note: (request: string) => void) {
    super(options);
    this.#note = note;
  }

  override fetch(path: string, init: RequestInit = {}): Promise<Response> {
    this.#note(`${init.method ?? "GET"} ${path.replace(/\?.*/, "")}`);
    const headers = new Headers(init.headers);
    if (!headers.has("Authorization")) headers.set("Authorization", `Bearer ${MOVER.token}`);
    return super.fetch(path, { ...init, headers });
  }
}

export interface Ground {
  open: (options?: RegistryOptions) => AskedRegistry;
  /** A store that can be put out, for `open`. */
  openBreakable: () => Breakable;
  /** What the registries were asked: `GET /v1/agents`. */
  asked: string[];
  withKeys: boolean;
}

/** Both stores, with and without keys. */
export const GROUNDS = BACKENDS.flatMap(({ backend, openBackend }) =>
  [true, false].map((withKeys) => ({
    where: `${backend}, ${withKeys ? "with keys" : "open"}`,
    lay: (): Ground => {
      const asked: string[] = [];
      const { openBreakable } = BREAKABLE.find(({ name }) => name === backend)!;
      const open = ({ env, ...options }: RegistryOptions = {}) =>
        new AskedRegistry(
          { backend: openBackend(), ...options, env: { ...(withKeys && { API_KEYS }), ...env } },
          (request) => asked.push(request),
        );
      return { open, openBreakable, asked, withKeys };
    },
  })),
);

/** Each store and each access once, which is enough for a line: whole flows run on all of them. */
const CORNERS = GROUNDS.filter(({ where }) => where === "redis, with keys" || where === "embedded, open");

/** The lines of a section's tables in docs/moving.md: what was there, and what is here. */
function linesOf(section: string): Map<string, string> {
  const [, text = ""] = moving.split(`\n## ${section}\n`);
  const [own = ""] = text.split("\n## ");
  const lines = [...own.matchAll(/^\| (.+?) \| (.+) \|$/gm)].map(
    ([, there, here]) => [there!, here!] as const,
  );
  return new Map(lines.filter(([there]) => there !== "there" && !there.startsWith("---")));
}

/** The routes that a line names: `` `GET /v1/agents/{id}?…` ``, or `GET` of any agent. */
const routesIn = (line: string): RegExp[] =>
  [...line.matchAll(/`(GET|POST|PUT|DELETE) (\/[^`?\s]*)/g)].map(
    ([, method, path]) => new RegExp(`^${method} ${path!.replaceAll(/\{\w+\}/g, "[^/]+")}$`),
  );

/**
 * Runs each line of a section of docs/moving.md.
 *
 * @param checks  one for each line, by what stands in its first column. Every route that the line names must be asked.
 */
export function itMoves(section: string, checks: Record<string, (ground: Ground) => Promise<void>>): void {
  const lines = linesOf(section);

  it(`says of ${section} what is checked here, and no more`, () => {
    expect(lines.size).toBeGreaterThan(0);
    expect([...lines.keys()]).toEqual(Object.keys(checks));
  });

  describe.each(CORNERS)(`${section}, on $where:`, ({ lay }) => {
    it.each(Object.keys(checks))("%s", async (there) => {
      const ground = lay();
      await checks[there]!(ground);
      for (const route of routesIn(`${there} ${lines.get(there)}`)) {
        expect(ground.asked).toContainEqual(expect.stringMatching(route));
      }
    });
  });
}
