import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { curl } from "../../src/dashboard/public/ui/docs-curl.js";
import { apiKeys } from "../support/keys.ts";
import { operationsOf, writtenDocument } from "../support/openapi.ts";
import { type Known, note, STORY } from "../support/story.ts";
import { buildWorker, type RunningWorker, startWorker } from "../support/worker.node.ts";

/** What programs in other languages make of the OpenAPI document alone. */

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const FILES = fileURLToPath(new URL("openapi", import.meta.url));
const KEY = "a-key-for-everything";
/** The story is told once in a namespace. */
const OTHER_KEY = "a-key-for-everything-elsewhere";
const run = promisify(execFile);

let worker: RunningWorker;
beforeAll(async () => {
  const keys = await apiKeys([
    { name: "ops", token: KEY, scopes: ["admin"] },
    { name: "ops", token: OTHER_KEY, scopes: ["admin"], namespace: "elsewhere" },
  ]);
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

  it("the lines for curl that /docs shows are taken by a shell, each with what earlier answers had", async () => {
    // As a page has it.
    vi.stubGlobal("location", { origin: worker.url });
    const operations = operationsOf(writtenDocument());
    const folder = await mkdtemp(join(tmpdir(), "rollcall-curl-"));
    const answer = join(folder, "answer");
    const known: Known = new Map();
    const wrong: string[] = [];
    for (const operationId of STORY) {
      const shown = operations.find(({ operation }) => operation.operationId === operationId)!;
      const line = curl(shown as Parameters<typeof curl>[0])
        .replaceAll(/<(\w+)>/g, (_, field: string) => known.get(field) ?? `<${field}>`)
        .replace("Bearer KEY", `Bearer ${OTHER_KEY}`);
      // A socket that opened stays open.
      const isSocket = line.includes("Upgrade");
      const asked = `${line} -s -o ${answer} -w '%{http_code}' ${isSocket ? "-m 1 || true" : "-m 30"}`;
      const { stdout } = await run("sh", ["-c", asked]);
      const text = await readFile(answer, "utf8");
      if (!(isSocket ? /^101$/ : /^2/).test(stdout)) wrong.push(`${operationId}: ${stdout} ${text}`);
      if (text.startsWith("{") && !text.trim().includes("\n")) note(known, JSON.parse(text));
    }
    await rm(folder, { recursive: true });
    vi.unstubAllGlobals();
    expect(wrong).toEqual([]);
  });
});
