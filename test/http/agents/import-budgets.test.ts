import { expect, it } from "vitest";
import { active, idle, importFile } from "../../support/imports.ts";
import { populate } from "../../support/populate.ts";
import { Registry } from "../../support/registry.ts";
import { redisBackend } from "../../support/stores.ts";

/** What Redis is asked by an import: HTTP requests, and the commands in them. A read is a command, and so is a commit. */

async function open() {
  const backend = redisBackend();
  const registry = new Registry({ backend });
  // A script costs a second trip the first time that Redis is asked for it, and then no more.
  await importFile(registry, [active("any")], "?source=other");
  await importFile(registry, [], "?source=other");
  return {
    registry,
    cost: async (components: unknown[], query?: string) => {
      const { requests, commands } = await backend.bridge.cost(() => importFile(registry, components, query));
      return { requests, commands };
    },
  };
}

const skills = Array.from({ length: 100 }, (_, i) => active(`s${100 + i}`));
const page = 1;
const clock = 1;

it("costs a page where all is as the file says, however many there are besides", async () => {
  const { registry, cost } = await open();
  await importFile(registry, skills);
  expect(await cost(skills)).toEqual({ requests: 1, commands: page });
  await populate(registry, 1500, (i) => ({ id: `skill/s${i}-${i}` }));
  expect(await cost(skills)).toEqual({ requests: 1, commands: page });
});

it("costs a page, and a read and a commit of each that it registers, changes or removes", async () => {
  const { registry, cost } = await open();
  expect(await cost(skills)).toEqual({ requests: 3, commands: page + clock + 100 + 100 });
  const changed = active("s100", { version: "2.0.0" });
  const next = [changed, idle("s101"), ...skills.slice(3)];
  expect(await cost(next)).toEqual({ requests: 3, commands: page + clock + 3 + 3 });
  await registry.register({ id: "skill/s150" });
  expect(await cost(next)).toEqual({ requests: 2, commands: page + clock + 1 });
  // There is a second page for more than 50 that the file lacks.
  expect(await cost([])).toEqual({ requests: 4, commands: 2 * page + clock + 97 + 97 });
});

it("costs no commit as a dry run", async () => {
  const { registry, cost } = await open();
  await importFile(registry, skills.slice(0, 20));
  expect(await cost([active("new")], "?static=true&dry_run=true")).toEqual({
    requests: 2,
    commands: page + clock + 21,
  });
});

it("looks at no more of a source than the part that it is sent", async () => {
  const { registry, cost } = await open();
  const many = Array.from({ length: 900 }, (_, i) => active(`s${1000 + i}`));
  await importFile(registry, many);
  const part = "?static=true&after=skill%2Fs1099&through=skill%2Fs1199";
  expect(await cost(many.slice(100, 200), part)).toEqual({ requests: 1, commands: page });
});
