import { readFile } from "node:fs/promises";
import { extname, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Page } from "playwright-core";
import { launchChromium } from "../../test/support/chromium.node.ts";
import { idOf } from "../fleet/agents.ts";
import { PREFIX } from "../fleet/populate-redis.ts";
import type { Plan } from "../plan.ts";
import type { Rig } from "../rig.ts";

/** Pages of the dashboard of a large fleet, in Chromium. */
export interface Pages {
  fleet: number;
  shown: PageShown[];
  /** An outage in which every other agent has lost its lease: until the overview names it after a sweep, ms. */
  outageMs: number;
}

interface PageShown {
  path: string;
  /** Until it says what it has to, ms. */
  ms: number;
  requests: number;
  /** Of their answers' bodies. */
  bytes: number;
}

export const pagesFleet = ({ name }: Plan): number => (name === "full" ? 50_000 : 1_000);

const ASSETS = fileURLToPath(new URL("../../dist/assets", import.meta.url));
const TYPES: Record<string, string> = {
  ".js": "text/javascript",
  ".css": "text/css",
  ".svg": "image/svg+xml",
};
/** Long enough to tell a page that is slow from one that is wrong, ms. */
const PATIENCE_MS = 30_000;

/** @throws if a page does not say what the API says */
export async function measurePages(rig: Rig): Promise<Pages> {
  const fleet = rig.fleet(pagesFleet(rig.plan));
  const http = rig.rollcall.http(fleet);
  const { url } = rig.rollcall.worker;
  const sweep = async () => {
    for (let isComplete = false; !isComplete;) {
      const found = JSON.parse(await http.expect(200, "POST", "/v1/sweep")) as { complete: boolean };
      isComplete = found.complete;
    }
  };
  const counts = async () => {
    const stats = JSON.parse(await http.expect(200, "GET", "/v1/stats")) as {
      total_components: number;
      by_status: Record<string, number>;
      lapsed: number;
    };
    return { known: stats.total_components + stats.lapsed, usable: stats.by_status["available"] ?? 0 };
  };
  const figure = (count: number) => count.toLocaleString("en");
  await sweep();
  const { known, usable } = await counts();
  await using browser = await launchChromium();
  const page = await browser.newPage({ viewport: { width: 1440, height: 1000 } });
  await page.addInitScript(`sessionStorage.setItem("rollcall-key", ${JSON.stringify(fleet.apiKey)})`);
  await serveAssets(page);

  const shown: PageShown[] = [];
  for (const [path, said] of [
    ["/", `${figure(usable)} of ${figure(known)} agents usable`],
    ["/ui/agents", `Of ${figure(known)} live agents, these 100, by id`],
    [`/ui/agents/${idOf(1)}`, "Agent 1"],
    ["/ui/capabilities/work", "work"],
  ] as const) {
    shown.push(await show(page, url, path, said));
  }

  // Of every other agent, as when a network is gone: nobody is asked, and nobody hears of it but the sweep.
  const { redis } = rig.redis;
  const match = `${PREFIX}:${fleet.namespace}:lease:agent:*`;
  for await (const keys of redis.scanStream({ match, count: 5000 }) as AsyncIterable<string[]>) {
    const lost = keys.filter((key) => Number(/\d+/.exec(key.slice(match.length - 1))![0]) % 2 === 0);
    if (lost.length > 0) await redis.del(...lost);
  }
  await sweep();
  const after = await counts();
  const { ms: outageMs } = await show(
    page,
    url,
    "/",
    `${figure(after.usable)} of ${figure(after.known)} agents usable`,
  );
  await page.getByText("have lapsed, as after an outage").first().waitFor({ timeout: PATIENCE_MS });
  return { fleet: fleet.size, shown, outageMs };
}

/** plain workerd serves no files. */
const serveAssets = (page: Page): Promise<unknown> =>
  page.route(/\/ui\/.+\.(js|css|svg)$/, async (route) => {
    const { pathname } = new URL(route.request().url());
    await route.fulfill({
      body: await readFile(join(ASSETS, pathname)),
      contentType: TYPES[extname(pathname)]!,
    });
  });

async function show(page: Page, url: string, path: string, said: string): Promise<PageShown> {
  let [requests, bytes] = [0, 0];
  const count = async (response: { url(): string; body(): Promise<Buffer> }) => {
    if (!response.url().includes("/v1/")) return;
    requests += 1;
    bytes += await response.body().then(
      (body) => body.length,
      () => 0,
    );
  };
  page.on("response", count);
  const began = performance.now();
  await page.goto(url + path);
  await page.getByText(said).first().waitFor({ timeout: PATIENCE_MS });
  const ms = performance.now() - began;
  await page.waitForLoadState("networkidle");
  page.off("response", count);
  return { path, ms, requests, bytes };
}
