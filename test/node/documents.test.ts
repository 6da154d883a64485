import { globSync, readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { COMMANDS } from "../../src/cli/commands.ts";

const ROOT = new URL("../../", import.meta.url);
/** Not in a fresh clone: `npm run types` makes it. */
const GENERATED = ["worker-configuration.d.ts"];
const FILES = [
  ...globSync(["*", "{src,test,bench,scripts,docs,examples}/**"], { cwd: ROOT }),
  ...GENERATED,
].map((path) => `/${path}`);

/** What looks like a file or a folder: `store/change.ts`, `lua/commit.lua`, `durable-*.ts`, `core/agents/`. */
const PATH = /`([\w*./-]+(?:\.(?:ts|lua|js|md|svg)|\/))`/g;

function exists(path: string): boolean {
  const pattern = path.replace(/\/$/, "").replaceAll(".", "\\.").replaceAll("*", "[^/]*");
  const end = new RegExp(`/${pattern}$`);
  return FILES.some((file) => end.test(file));
}

// docs/extending.md also names files that are to be made.
it.each([
  "README.md",
  "CONTRIBUTING.md",
  "docs/architecture.md",
  "docs/storage.md",
  "docs/errors.md",
  "docs/cli.md",
  "docs/moving.md",
  "docs/operating.md",
])("names no file in %s that does not exist", (name) => {
  const text = readFileSync(new URL(name, ROOT), "utf8");
  const named = [...text.matchAll(PATH)].map(([, path]) => path!);
  expect(named.filter((path) => !exists(path))).toEqual([]);
});

it("has a test for every section of docs/moving.md", () => {
  const sections = readFileSync(new URL("docs/moving.md", ROOT), "utf8").matchAll(/^## (.+)$/gm);
  const tests = globSync("test/moving/*.test.ts", { cwd: ROOT }).map((path) =>
    readFileSync(new URL(path, ROOT), "utf8"),
  );
  const untested = [...sections].filter(
    ([, section]) => !tests.some((test) => test.includes(`itMoves("${section}"`)),
  );
  expect(untested).toEqual([]);
});

it("maps every room of src in README", () => {
  const text = readFileSync(new URL("README.md", ROOT), "utf8");
  const rooms = globSync("src/*", { cwd: ROOT, exclude: ["src/tsconfig.json"] });
  expect(rooms.filter((room) => !text.includes(room))).toEqual([]);
});

it("has a row in docs/cli.md for every command, in the order of help", () => {
  const text = readFileSync(new URL("docs/cli.md", ROOT), "utf8");
  const named = [...text.matchAll(/^\| `([a-z]+(?: [a-z]+)?)[^`]*` \|/gm)].map(([, name]) => name);
  expect(named).toEqual(Object.keys(COMMANDS));
});
