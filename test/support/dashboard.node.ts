import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import type { Browser, BrowserContext, BrowserContextOptions, Page } from "playwright-core";

/** The dashboard in a browser, and what went wrong in it. */

export const DESKTOP: BrowserContextOptions = { viewport: { width: 1440, height: 1000 } };
export const PHONE: BrowserContextOptions = {
  viewport: { width: 390, height: 844 },
  isMobile: true,
  hasTouch: true,
};

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

export interface Visit extends AsyncDisposable {
  page: Page;
  context: BrowserContext;
  /** Errors and warnings of the page, and requests to other origins. */
  trouble: string[];
}

/** Opens a page, with a key in its tab if one is given. */
export async function visit(
  browser: Browser,
  url: string,
  { key, options = DESKTOP }: { key?: string; options?: BrowserContextOptions } = {},
): Promise<Visit> {
  const context = await browser.newContext(options);
  const trouble: string[] = [];
  const page = await openTab(context, url, key, trouble);
  return { page, context, trouble, [Symbol.asyncDispose]: () => context.close() };
}

/** One more tab of the same browser. */
export async function openTab(
  context: BrowserContext,
  url: string,
  key?: string,
  trouble: string[] = [],
): Promise<Page> {
  const page = await context.newPage();
  if (key !== undefined)
    await page.addInitScript(`sessionStorage.setItem("rollcall-key", ${JSON.stringify(key)})`);
  page.on("console", (message) => {
    // The browser itself tells of each refusal; the page says it in its own words.
    if (
      ["error", "warning"].includes(message.type()) &&
      !message.text().startsWith("Failed to load resource")
    )
      trouble.push(message.text());
  });
  page.on("pageerror", (error) => trouble.push(String(error)));
  page.on("dialog", (dialog) => {
    trouble.push(`a dialog: ${dialog.message()}`);
    void dialog.dismiss();
  });
  const { origin } = new URL(url);
  page.on("request", (request) => {
    if (new URL(request.url()).origin !== origin) trouble.push(`left the origin: ${request.url()}`);
  });
  await page.goto(url);
  return page;
}

/** Waits until nothing is being read for the first time. */
export async function settle(page: Page): Promise<void> {
  await page.locator("h1").first().waitFor();
  await page.locator("[aria-busy]").first().waitFor({ state: "detached" });
}

/** @param rules  of axe; absent: all */
export async function seriousViolations(page: Page, rules?: string[]): Promise<string[]> {
  // Evaluated from outside: the page's own policy would refuse the script.
  await page.evaluate(axe);
  const { violations } = await page.evaluate<{
    violations: { id: string; impact: string; nodes: { html: string }[] }[];
  }>(`axe.run(${rules ? JSON.stringify({ runOnly: rules }) : ""})`);
  return violations
    .filter(({ impact }) => impact === "serious" || impact === "critical")
    .map(({ id, nodes }) => `${id}: ${nodes[0]?.html}`);
}

/** What reaches beyond the right edge of the window, by its text; scrolled content is cut by nobody. */
export const cutOff = (page: Page): Promise<string[]> =>
  page.evaluate<string[]>(`[...document.querySelectorAll("main *, header *")]
    .filter((element) => element.checkVisibility() && element.getBoundingClientRect().right > innerWidth + 1)
    .map((element) => element.tagName + " " + element.textContent.slice(0, 60))`);

/** The words on a page. */
export const wordsOf = async (page: Page, selector = "main"): Promise<string> =>
  (await page.locator(selector).innerText()).replaceAll(/\s+/g, " ");
