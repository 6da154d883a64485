import { beforeAll, afterAll, describe, expect, it } from "vitest";
import { type ProblemCode, PROBLEMS } from "../../src/core/problem.ts";
import { REMEDIES } from "../../src/core/remedies.ts";
import { writtenDocument } from "../support/openapi.ts";
import { buildWorker, type RunningWorker, startWorker } from "../support/worker.node.ts";

/** What the platform serves beside the Worker, as `scripts/assets.ts` writes it. */

let worker: RunningWorker;
beforeAll(async () => {
  worker = await startWorker(await buildWorker(), {});
});
afterAll(() => worker.stop());

/** Without a key, of a deployment that has none yet. */
async function open(path: string, init?: RequestInit) {
  const response = await fetch(worker.url + path, init);
  return { status: response.status, headers: response.headers, text: await response.text() };
}

describe("the OpenAPI document", () => {
  it("is there for anybody, from any page, and is not sent again to who has it", async () => {
    const { status, headers, text } = await open("/openapi.json");
    expect(status).toBe(200);
    expect(headers.get("Content-Type")).toContain("application/json");
    expect(headers.get("Access-Control-Allow-Origin")).toBe("*");
    expect(JSON.parse(text)).toEqual(writtenDocument());
    const again = await open("/openapi.json", { headers: { "If-None-Match": headers.get("ETag")! } });
    expect([again.status, again.text]).toEqual([304, ""]);
  });
});

describe.each(["/docs", "/errors/queue_full"])("the page %s", (path) => {
  it("runs nothing inline, loads nothing from elsewhere, and is framed by nobody", async () => {
    const { status, headers, text } = await open(path);
    expect(status).toBe(200);
    expect(headers.get("Content-Type")).toBe("text/html; charset=utf-8");
    const policy = headers.get("Content-Security-Policy");
    expect(policy).toContain("default-src 'none'; script-src 'self'; style-src 'self'");
    expect(policy).toContain("frame-ancestors 'none'");
    expect(policy).not.toContain("unsafe");
    expect(headers.get("X-Content-Type-Options")).toBe("nosniff");
    expect(text).not.toMatch(/<script(?! type="module" src="\/ui\/)|<style| style=| on\w+=|https?:\/\//);
  });
});

describe("the page of an error", () => {
  it("is where the `type` of a refusal points", async () => {
    const { type } = JSON.parse((await open("/v1/agents")).text) as { type: string };
    expect(type).toBe(`${worker.url}/errors/not_configured`);
    const { status, text } = await open(new URL(type).pathname);
    expect(status).toBe(200);
    expect(text).not.toContain("<script");
  });

  it.each(Object.keys(PROBLEMS) as ProblemCode[])("says of %s what it means and what to do", async (code) => {
    const { status, text } = await open(`/errors/${code}`);
    const words = text.replace(/<[^>]*>/g, "").replaceAll("&#39;", "'");
    expect(status).toBe(200);
    const { status: refusal, title } = PROBLEMS[code];
    for (const said of [code, String(refusal), title, REMEDIES[code].replaceAll("`", "")])
      expect(words).toContain(said);
  });

  it("names the operations that answer it", async () => {
    const { text } = await open("/errors/queue_full");
    expect([...text.matchAll(/href="\/docs#(\w+)"/g)].map(([, operation]) => operation)).toEqual([
      "callTool",
    ]);
  });

  it.each(["nonsense", "toString", "%3Cb%3E"])("is no page for %s", async (code) => {
    const { status, text } = await open(`/errors/${code}`);
    // Nothing is configured, so the Worker refuses everything.
    expect(status).toBe(503);
    expect(text).not.toContain("<b>");
  });
});
