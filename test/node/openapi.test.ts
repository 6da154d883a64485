import { execFile } from "node:child_process";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { apiKeys } from "../support/keys.ts";
import { STORY } from "../support/story.ts";
import { buildWorker, type RunningWorker, startWorker } from "../support/worker.node.ts";

/** What programs in other languages make of the OpenAPI document alone. */

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const FILES = fileURLToPath(new URL("openapi", import.meta.url));
const KEY = "a-key-for-everything";
const run = promisify(execFile);

let worker: RunningWorker;
beforeAll(async () => {
  const keys = await apiKeys([{ name: "ops", token: KEY, scopes: ["admin"] }]);
  worker = await startWorker(await buildWorker(), { API_KEYS: keys });
});
afterAll(() => worker.stop());

describe("from the document alone", () => {
  it("a generated TypeScript client compiles, refuses what the document does not have, and works", async () => {
    const generator = "node_modules/openapi-typescript/bin/cli.js";
    const generate = [generator, `${worker.url}/openapi.json`, "-o", "dist/schema.d.ts"];
    await run(process.execPath, [...generate, "--default-non-nullable=false"], { cwd: FILES });
    await run(join(ROOT, "node_modules/.bin/tsc"), ["-p", FILES]);
    const { stdout } = await run(process.execPath, ["client.ts", worker.url, KEY], { cwd: FILES });
    expect(JSON.parse(stdout)).toEqual({
      received: true,
      name: "One",
      load: 3,
      found: ["typed/one"],
      code: "agent_not_found",
      isFull: false,
    });
  });

  it("Python's standard library sends every example, and finds what is required in every answer", async () => {
    const sent = await run("python3", ["send_examples.py", worker.url, KEY, JSON.stringify(STORY)], {
      cwd: FILES,
    });
    expect(sent.stdout.trim()).toBe(`${STORY.length} requests, all answered as documented`);
  });
});
