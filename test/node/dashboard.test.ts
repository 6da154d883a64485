import { mkdirSync } from "node:fs";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { OVERVIEW_GRAPHS, OVERVIEW_VIEWS } from "../../bench/measure/dashboard.ts";
import { BridgeControl } from "../support/bridge-control.ts";
import { launchChromium } from "../support/chromium.node.ts";
import {
  cutOff,
  DESKTOP,
  openTab,
  PHONE,
  seriousViolations,
  settle,
  visit,
  wordsOf,
} from "../support/dashboard.node.ts";
import { apiKeys, bearer } from "../support/keys.ts";
import { buildWorker, type RunningWorker, startWorker } from "../support/worker.node.ts";

/** The dashboard in a real browser, from the Worker as it is deployed, on Redis. Screenshots are for people to look at. */

const SCREENSHOTS = ".screenshots";
const HOSTILE = "<img src=x onerror=alert(1)>";
const AGENTS = 120;
/** So many that nothing is counted for a request: of that the API says what the last sweep found. */
const MANY = 6000;
/** A key for each namespace, and some that may do less. */
const TEAM = "key-of-the-team";
const READER = "key-for-reading";
const WRITER = "key-for-writing";
const FLEET = "key-of-the-fleet";
const KEYS = [
  { name: "ops", token: TEAM, scopes: ["admin" as const], namespace: "team" },
  { name: "screen", token: READER, scopes: ["read" as const], namespace: "team" },
  { name: "robot", token: WRITER, scopes: ["write" as const], namespace: "team" },
  { name: "fleet", token: FLEET, scopes: ["admin" as const], namespace: "fleet" },
];

const control = new BridgeControl();
let worker: RunningWorker;
let browser: Browser;
const tokens = new Map<string, string>();

const at = (path: string) => worker.url + path;

async function call<T>(key: string, method: string, path: string, body?: unknown, headers = {}): Promise<T> {
  const response = await fetch(at(path), {
    method,
    headers: {
      ...bearer(key),
      ...(body !== undefined && { "Content-Type": "application/json" }),
      ...headers,
    },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
  return (text === "" ? undefined : JSON.parse(text)) as T;
}
const get = <T>(key: string, path: string) => call<T>(key, "GET", path);

const idOf = (n: number) => `agent/a-${String(n).padStart(3, "0")}`;

async function register(n: number): Promise<void> {
  const { lease_token } = await call<{ lease_token: string }>(TEAM, "POST", "/v1/agents", {
    id: idOf(n),
    name: n === 7 ? HOSTILE : `agent ${n}`,
    type: ["research", "coder", "reviewer", "translator"][n % 4],
    capabilities: [
      { name: "plan", description: "Plans ahead", input_schema: { type: "object" } },
      `skill ${n % 9}`,
    ],
    status: n % 20 === 0 ? "busy" : "available",
    current_load: n % 11,
    // Most stay as they are for as long as the test takes; some fall silent at once.
    heartbeat_interval_seconds: n % 30 === 0 ? 1 : 300,
    ttl_seconds: 900,
    metadata: { build: n },
    ...(n % 40 === 1 && { services: [{ service: "llm" }] }),
  });
  tokens.set(idOf(n), lease_token);
}

const beat = (id: string, status: string) =>
  call(
    TEAM,
    "POST",
    `/v1/agents/${encodeURIComponent(id)}/heartbeat`,
    { status, current_load: 2 },
    { "Lease-Token": tokens.get(id)! },
  );

const tool = (name: string) => ({
  name,
  description: `Does ${name}`,
  payload_schema: { type: "object", properties: { text: { type: "string" } } },
  result_schema: { type: "object" },
});

const team = (path: string, options = DESKTOP) => visit(browser, at(path), { key: TEAM, options });
const fleet = (path: string, options = DESKTOP) => visit(browser, at(path), { key: FLEET, options });

const rows = (page: Page) => page.locator("tbody tr");

beforeAll(async () => {
  mkdirSync(SCREENSHOTS, { recursive: true });
  [browser, worker] = await Promise.all([
    launchChromium(),
    buildWorker().then(async (modules) =>
      startWorker(modules, {
        API_KEYS: await apiKeys(KEYS),
        UPSTASH_REDIS_REST_URL: control.url,
        UPSTASH_REDIS_REST_TOKEN: control.token,
        REDIS_PREFIX: control.token,
        // Of what is imported: it falls silent at once, and stays.
        HEARTBEAT_INTERVAL_SECONDS: "1",
        AGENT_TTL_SECONDS: "3600",
      }),
    ),
  ]);
  await Promise.all(Array.from({ length: AGENTS }, (_, i) => register(i + 1)));
  await call(TEAM, "POST", "/v1/toolsets", {
    name: "office/mail",
    description: "Reads and sends mail",
    version: "1.2.0",
    tools: [tool("send"), tool("search")],
  });
  await call(TEAM, "GET", "/v1/services/llm/resolve");
  await call(TEAM, "POST", "/v1/sweep");
}, 60_000);

afterAll(async () => {
  await browser.close();
  await worker.stop();
});

describe("a page that is open", () => {
  it("paints the overview within a second", async () => {
    await using visited = await team("/");
    const { page, trouble } = visited;
    await settle(page);
    const shown: number[] = [];
    // The best of three, because the machine may be busy with other things.
    for (let i = 0; i < 3; i += 1) {
      const from = performance.now();
      await page.reload();
      await page.getByText(`of ${AGENTS} agents usable`).waitFor();
      shown.push(performance.now() - from);
    }
    console.log(`the overview was there after ${shown.map(Math.round).join(", ")} ms`);
    expect(Math.min(...shown)).toBeLessThan(1000);
    expect(trouble).toEqual([]);
  });

  it("asks for what the bill has a row for, and once something was told for no more", async () => {
    await using visited = await team("/");
    const { page } = visited;
    await settle(page);
    const asked: string[] = [];
    page.on("request", (request) => asked.push(request.url().slice(worker.url.length)));
    await page.reload();
    await expect
      .poll(() => new Set(asked.filter((path) => path.startsWith("/v1/"))), { timeout: 5000 })
      .toEqual(new Set(["/v1/whoami", "/v1/marker", ...OVERVIEW_VIEWS, ...OVERVIEW_GRAPHS]));
    await settle(page);
    asked.splice(0);
    await beat(idOf(11), "busy");
    await expect
      .poll(() => new Set(asked), { timeout: 5000 })
      .toEqual(new Set(["/v1/marker", ...OVERVIEW_VIEWS]));
    await beat(idOf(11), "available");
  });

  it("shows a change within 3 s, without losing the reader's place", async () => {
    await using visited = await team("/ui/agents");
    const { page, trouble } = visited;
    const id = idOf(20);
    const row = page.locator(`tr[data-key="${id}"]`);
    await row.getByRole("link").first().focus();
    await row.scrollIntoViewIfNeeded();
    const place = await page.evaluate<number>("scrollY");
    for (const status of ["unhealthy", "available"]) {
      await beat(id, status);
      await row.locator(`.is-${status}`).waitFor({ timeout: 3000 });
    }
    await call(TEAM, "POST", "/v1/agents", { id: "agent/a-000", name: "newcomer", type: "coder" });
    await page.locator('tr[data-key="agent/a-000"]').waitFor({ timeout: 3000 });
    await call(TEAM, "DELETE", "/v1/agents/agent%2Fa-000");
    await page.locator('tr[data-key="agent/a-000"]').waitFor({ state: "detached", timeout: 3000 });
    expect(await page.evaluate("document.activeElement.closest('tr')?.dataset.key")).toBe(id);
    expect(Math.abs((await page.evaluate<number>("scrollY")) - place)).toBeLessThan(100);
    expect(trouble).toEqual([]);
  });

  it("does not change while paused, and goes on after it", async () => {
    await using visited = await team(`/ui/agents/${encodeURIComponent(idOf(3))}`);
    const { page } = visited;
    await settle(page);
    await page.getByRole("button", { name: "Pause" }).click();
    await page.getByText("paused", { exact: true }).waitFor();
    const asked: string[] = [];
    page.on("request", (request) => asked.push(request.url()));
    await beat(idOf(3), "maintenance");
    await page.evaluate("new Promise((resolve) => setTimeout(resolve, 2500))");
    expect(asked).toEqual([]);
    await page.getByRole("button", { name: "Pause" }).click();
    await page.locator("dd .is-maintenance").waitFor({ timeout: 3000 });
  });

  it("costs at most 2 commands of Redis a look while nothing is told, however many tabs are open", async () => {
    await using visited = await team("/");
    const { page, context } = visited;
    await settle(page);
    for (const path of ["/ui/agents", "/ui/events"]) await settle(await openTab(context, at(path), TEAM));
    let looks = 0;
    for (const tab of context.pages())
      tab.on("request", (request) => (looks += Number(request.url().endsWith("/v1/marker"))));
    const { commands, log } = await control.cost(() => expect.poll(() => looks, { timeout: 20_000 }).toBe(4));
    expect(commands, log.join(", ")).toBeLessThanOrEqual(2 * 4);
  });

  it("leaves the looking to one tab, whose place another takes when it is closed", async () => {
    await using visited = await team("/ui/events");
    const { page, context } = visited;
    await settle(page);
    const other = await openTab(context, at("/ui/events"), TEAM);
    await settle(other);
    const asked: string[] = [];
    other.on("request", (request) => asked.push(new URL(request.url()).pathname));
    await beat(idOf(9), "degraded");
    await other.getByText("→ degraded").first().waitFor({ timeout: 3000 });
    let looks = 0;
    page.on("request", (request) => (looks += Number(request.url().endsWith("/v1/marker"))));
    await expect.poll(() => looks, { timeout: 10_000 }).toBe(2);
    expect(asked.filter((path) => path === "/v1/marker")).toEqual([]);
    await page.close();
    await beat(idOf(9), "available");
    await other.getByText("degraded → available").first().waitFor({ timeout: 5000 });
    expect(asked).toContain("/v1/marker");
  });

  it("gives nothing to a tab with another key", async () => {
    await using visited = await team("/ui/agents");
    const { context, page } = visited;
    await settle(page);
    const foreign = await openTab(context, at("/ui/agents"), FLEET);
    const asked: string[] = [];
    foreign.on("request", (request) => asked.push(new URL(request.url()).pathname));
    await foreign.getByText("live", { exact: true }).waitFor();
    await settle(foreign);
    expect(await wordsOf(foreign)).not.toContain("agent/a-001");
    await expect.poll(() => asked).toContain("/v1/marker");
  });
});

describe("while the store is out", () => {
  it("says so first, marks what it shows as old, and looks well again when it is", async () => {
    await using visited = await team("/");
    const { page } = visited;
    await settle(page);
    await page.getByText("live", { exact: true }).waitFor();
    await control.fail({ kind: "status" });
    try {
      await page
        .getByRole("alert")
        .filter({ hasText: "The registry is in trouble" })
        .waitFor({ timeout: 5000 });
      const headline = await page.locator("h1").innerText();
      expect(headline).toMatch(/usable\s+as it was at/);
      expect(await page.title()).toMatch(/^No answer/);
      expect(await wordsOf(page)).not.toContain("Nothing is wrong");
      // Whoever comes now is told the same, and no number.
      const late = await openTab(page.context(), at("/"), TEAM);
      await late.getByRole("alert").first().waitFor();
      expect(await wordsOf(late)).not.toMatch(/\d+ of \d+|No agent/);
    } finally {
      await control.heal();
    }
    await page.getByText("live", { exact: true }).waitFor({ timeout: 15_000 });
    await page.getByRole("alert").filter({ hasText: "in trouble" }).waitFor({ state: "detached" });
    expect(await page.locator("h1").innerText()).toMatch(/usable$/);
  });

  it("says that there is no answer where none comes", async () => {
    await using visited = await team("/ui/agents");
    const { page } = visited;
    await settle(page);
    await page.route("**/*", (route) => route.abort());
    await page.getByText("No answer: what you see is old").waitFor({ timeout: 5000 });
    expect(await rows(page).count()).toBeGreaterThan(50);
    await page.unroute("**/*");
    await page.getByText("live", { exact: true }).waitFor({ timeout: 15_000 });
  });
});

describe("an API key", () => {
  it("is asked for, refused when it is wrong, and kept in this tab only", async () => {
    await using visited = await visit(browser, at("/ui/agents/agent%2Fa-001"));
    const { page, context } = visited;
    const field = page.getByLabel("API key", { exact: true });
    await field.fill("wrong");
    await page.keyboard.press("Enter");
    await page.getByText("This key is not known here.").waitFor();
    expect(await seriousViolations(page)).toEqual([]);
    await field.fill(TEAM);
    await page.keyboard.press("Enter");
    await page.locator("h1", { hasText: "agent 1" }).waitFor();
    expect(page.url()).toBe(at("/ui/agents/agent%2Fa-001"));
    await page.getByText("ops (admin)").waitFor();
    expect(await page.evaluate("JSON.stringify([Object.entries(localStorage), document.cookie])")).toBe(
      '[[],""]',
    );
    const another = await openTab(context, at("/"));
    await another.getByLabel("API key", { exact: true }).waitFor();
    expect(await another.content()).not.toContain("agent 1");
    await page.getByRole("button", { name: "Forget the key" }).click();
    await field.waitFor();
    expect(await page.evaluate("sessionStorage.length")).toBe(0);
  });

  it("that may not read is told so, and can be put away", async () => {
    await using visited = await visit(browser, at("/"), { key: WRITER });
    await visited.page.getByText("The dashboard needs the scope read. The key robot has write.").waitFor();
    expect(await visited.page.getByRole("button", { name: "Forget the key" }).isVisible()).toBe(true);
  });

  it("that may only read is shown what it may not do, and why", async () => {
    await using visited = await visit(browser, at("/ui/agents/agent%2Fa-002"), { key: READER });
    const { page } = visited;
    await page.getByText("screen (read)").waitFor();
    const drain = page.getByRole("button", { name: "Drain" });
    expect(await drain.isDisabled()).toBe(true);
    expect(await page.getByText("The key needs the scope write; it has read.").count()).toBe(2);
    await page.goto(at("/ui/keys"));
    await page.getByText("To list keys, a key needs the scope admin.").waitFor();
  });
});

describe("what a thing is", () => {
  it("is said on an agent's own page, with a hostile name as text", async () => {
    await using visited = await team("/ui/agents");
    const { page, trouble } = visited;
    await page.getByRole("link", { name: HOSTILE }).click();
    await page.waitForURL(/\/ui\/agents\/agent%2Fa-007$/);
    await settle(page);
    expect(await page.locator("h1").innerText()).toContain(HOSTILE);
    expect(await page.locator("img").count()).toBe(0);
    await beat(idOf(7), "maintenance");
    await page.locator("dd .is-maintenance").waitFor({ timeout: 3000 });
    await page.getByText(/available → maintenance/).waitFor();
    expect(trouble).toEqual([]);
  });

  it("is told of an agent that is gone, by its history", async () => {
    await call(TEAM, "POST", "/v1/agents", { id: "gone", name: "gone", type: "coder" });
    await call(TEAM, "DELETE", "/v1/agents/gone");
    await using visited = await team("/ui/agents/gone");
    await visited.page.getByText("No live agent has this id").waitFor();
    await visited.page.getByText("left, by ops").waitFor();
  });

  it("is found by the beginning of an id or a name, with / and Enter", async () => {
    await using visited = await team("/");
    const { page, trouble } = visited;
    await settle(page);
    await page.keyboard.press("/");
    await page.keyboard.type("agent/a-01");
    await page.keyboard.press("Enter");
    await page.waitForURL(/\/ui\/search\?q=agent%2Fa-01$/);
    const agents = page.getByRole("region", { name: "Agents" });
    await agents.getByRole("link", { name: idOf(10) }).waitFor();
    expect(await agents.getByRole("link").count()).toBe(10);
    for (const [q, region, found] of [
      ["ll", "Services", "llm"],
      ["skill 1", "Capabilities", "skill 1"],
      ["mail", "Toolsets", "office/mail"],
    ] as const) {
      await page.getByRole("searchbox").fill(q);
      await page.keyboard.press("Enter");
      await page
        .getByRole("region", { name: region })
        .getByRole("link", { name: found, exact: true })
        .waitFor();
    }
    expect(trouble).toEqual([]);
  });

  it("has the same for a terminal, to copy", async () => {
    await using visited = await team("/ui/agents/agent%2Fa-011");
    const { page, context } = visited;
    await context.grantPermissions(["clipboard-read", "clipboard-write"]);
    await settle(page);
    await page.getByText("In a terminal").last().click();
    await page.getByRole("button", { name: "Copy the rollcall line" }).click();
    await page.getByText("Copied", { exact: true }).first().waitFor();
    expect(await page.evaluate("navigator.clipboard.readText()")).toBe(
      `rollcall get agent/a-011 --url ${worker.url}`,
    );
    expect(await wordsOf(page, "pre[aria-label='with curl']:visible")).toBe(
      `curl -H "Authorization: Bearer $ROLLCALL_KEY" ${worker.url}/v1/agents/agent%2Fa-011`,
    );
  });
});

describe("every action, by keyboard alone,", () => {
  /** Opens a dialog by its button, reads what it says, and confirms it. */
  async function act(page: Page, name: string, says: RegExp, verb = name): Promise<void> {
    await page.getByRole("button", { name, exact: true }).focus();
    await page.keyboard.press("Enter");
    const dialog = page.getByRole("dialog", { name });
    expect(await dialog.innerText()).toMatch(says);
    const isReached = `document.activeElement?.textContent === ${JSON.stringify(verb)} && document.activeElement.closest("dialog") !== null`;
    while (!(await page.evaluate<boolean>(isReached))) await page.keyboard.press("Tab");
    await page.keyboard.press("Enter");
  }

  it("drains an agent, puts it back, and unregisters it", async () => {
    await call(TEAM, "POST", "/v1/agents", {
      id: "worker/1",
      name: "worker",
      type: "coder",
      heartbeat_interval_seconds: 300,
      ttl_seconds: 900,
    });
    await using visited = await team("/ui/agents/worker%2F1");
    const { page, trouble } = visited;
    await settle(page);
    await act(page, "Drain", /will not be chosen from now on/);
    await page.locator("dd .is-draining").waitFor();
    expect(await get(TEAM, "/v1/agents/worker%2F1")).toMatchObject({ effective_status: "draining" });
    await act(page, "Put back", /can be chosen again/);
    await page.locator("dd .is-available").waitFor();
    await page.getByRole("button", { name: "Unregister" }).focus();
    await page.keyboard.press("Enter");
    await page.keyboard.press("Escape");
    expect(await get(TEAM, "/v1/agents/worker%2F1")).toMatchObject({ id: "worker/1" });
    await act(page, "Unregister", /is removed at once/);
    await page.getByText("No live agent has this id").waitFor();
    expect(trouble).toEqual([]);
  });

  it("resets breakers, sets a priority, checks health and sweeps", async () => {
    const provider = {
      name: "provider",
      type: "provider",
      heartbeat_interval_seconds: 300,
      ttl_seconds: 900,
      services: [{ service: "pay" }],
    };
    await call(TEAM, "POST", "/v1/agents", { id: "pay/1", ...provider });
    for (let failures = 0; failures < 5; failures += 1) {
      const { selection_id } = await get<{ selection_id: string }>(TEAM, "/v1/services/pay/resolve");
      await call(TEAM, "POST", "/v1/outcomes", {
        service: "pay",
        provider_id: "pay/1",
        selection_id,
        success: false,
        error: "no answer",
      });
    }
    await using visited = await team("/ui/services/pay");
    const { page, trouble } = visited;
    await page.getByText("0 of 1 provider can be chosen now; 1 breaker is open").waitFor();
    await act(page, "Reset breakers", /closed and their failures forgotten/);
    await page.getByText("1 of 1 provider can be chosen now").waitFor();
    await page.getByRole("button", { name: "Set priority" }).focus();
    await page.keyboard.press("Enter");
    await page.getByRole("dialog").getByLabel("Priority").selectOption("low");
    await page.getByRole("dialog").getByRole("button", { name: "Set", exact: true }).press("Enter");
    await page.getByText("normal, group 0 → low, group 0").waitFor();
    await act(page, "Check health", /Every health URL/);
    await page.getByText(/offers? (is|are) healthy, of/).waitFor();
    await page.goto(at("/ui/events"));
    await act(page, "Sweep now", /changes no status/);
    await page.getByText(/agents looked at: /).waitFor();
    expect(trouble).toEqual([]);
  });

  it("makes a key, whose secret is shown once, rotates it, and revokes it", async () => {
    await using visited = await team("/ui/keys");
    const { page, trouble } = visited;
    await settle(page);
    await page.getByRole("button", { name: "Make a key" }).focus();
    await page.keyboard.press("Enter");
    await page.getByRole("textbox", { name: "Name" }).fill("ci");
    await page.getByRole("button", { name: "Make it" }).press("Enter");
    const secret = await page.getByLabel("the secret", { exact: true }).innerText();
    expect(await get(secret, "/v1/whoami")).toMatchObject({
      name: "ci",
      scopes: ["read"],
      namespace: "team",
    });
    await page.getByRole("button", { name: "Close" }).press("Enter");
    await rows(page).filter({ hasText: "ci" }).waitFor();
    expect(await page.content()).not.toContain(secret);
    const row = rows(page).filter({ hasText: "made by ops" }).first();
    await row.getByRole("button", { name: "Rotate" }).press("Enter");
    await page.getByRole("dialog").getByRole("button", { name: "Rotate", exact: true }).press("Enter");
    const rotated = await page.getByLabel("the secret", { exact: true }).innerText();
    expect(rotated).not.toBe(secret);
    expect(await get(rotated, "/v1/whoami")).toMatchObject({ name: "ci" });
    await page.getByRole("button", { name: "Close" }).press("Enter");
    for (let left = await rows(page).filter({ hasText: "made by ops" }).count(); left > 0; left -= 1) {
      await rows(page)
        .filter({ hasText: "made by ops" })
        .first()
        .getByRole("button", { name: "Revoke" })
        .press("Enter");
      await page.getByRole("dialog").getByRole("button", { name: "Revoke", exact: true }).press("Enter");
      await expect.poll(() => rows(page).filter({ hasText: "made by ops" }).count()).toBe(left - 1);
    }
    expect(trouble).toEqual([]);
  });
});

describe(`of ${MANY} agents`, () => {
  const STATIC = 1000;

  beforeAll(async () => {
    const component = (n: number) => ({
      type: "skill",
      name: `s-${String(n).padStart(4, "0")}`,
      activated: true,
    });
    for (let from = 0; from < MANY; from += 1000) {
      const components = Array.from({ length: 1000 }, (_, i) => component(from + i));
      const query = `${from < STATIC ? "static=true&" : ""}source=part-${from}`;
      await call(FLEET, "POST", `/v1/agents/import?${query}`, { components });
    }
    const provider = { name: "p", type: "provider", heartbeat_interval_seconds: null };
    const dead = { id: "pay/1", ...provider, status: "busy", services: [{ service: "pay" }] };
    await call(FLEET, "POST", "/v1/agents", dead);
    await fillQueue();
    for (let isComplete = false; !isComplete;)
      ({ complete: isComplete } = await call<{ complete: boolean }>(FLEET, "POST", "/v1/sweep"));
  }, 60_000);

  /** Of a toolset that is healthy, and whose provider takes nothing. */
  async function fillQueue(): Promise<void> {
    const { lease_token } = await call<{ lease_token: string }>(FLEET, "POST", "/v1/toolsets", {
      name: "tools/slow",
      description: "Slow",
      version: "1.0.0",
      tools: [tool("wait")],
    });
    const path = "/v1/toolsets/tools%2Fslow";
    const lease = { "Lease-Token": lease_token };
    const { messages } = await call<{ messages: { ping_id: string }[] }>(
      FLEET,
      "POST",
      `${path}/claims`,
      { consumer: "c", max: 1, wait: 5 },
      lease,
    );
    await call(FLEET, "POST", `${path}/pong`, { ping_id: messages[0]!.ping_id }, lease);
    const meta = { run_id: "r", session_id: "s" };
    const queued = (n: number) =>
      call(FLEET, "POST", `${path}/tools/wait/calls`, { payload: { text: String(n) }, meta });
    for (let n = 0; n < 920; n += 46) await Promise.all(Array.from({ length: 46 }, (_, i) => queued(n + i)));
  }

  it.each([
    ["1440 px", DESKTOP],
    ["390 px", PHONE],
  ])(
    "a mass outage, a dead service and a full queue are named in the first screen within 3 s, at %s",
    async (_, options) => {
      const from = performance.now();
      await using visited = await fleet("/", options);
      const { page } = visited;
      const strip = page.getByRole("region", { name: "What is wrong" });
      for (const named of ["Agents unreachable", "No usable provider pay", "Queue full tools/slow"]) {
        const alert = strip.getByRole("listitem").filter({ hasText: named });
        await alert.waitFor({ timeout: 3000 });
        const { y, height } = (await alert.boundingBox())!;
        expect(y + height, named).toBeLessThanOrEqual(options.viewport!.height);
      }
      console.log(`what is wrong was named after ${Math.round(performance.now() - from)} ms`);
      expect(performance.now() - from).toBeLessThan(3000);
      const { alerts, found } = await get<{ alerts: { detail: string }[]; found: number }>(
        FLEET,
        "/v1/alerts",
      );
      expect(await strip.getByRole("listitem").count()).toBe(found);
      const words = await wordsOf(page, "section[aria-label='What is wrong']");
      for (const { detail } of alerts) expect(words).toContain(detail);
      expect(words).not.toContain("Nothing is wrong");
      expect(await page.title()).toMatch(new RegExp(`^${found} wrong · `));
    },
  );

  it("each sentence of the overview and the list says what the API says", async () => {
    await using visited = await fleet("/");
    const { page, trouble } = visited;
    await settle(page);
    const stats = await get<{
      total_components: number;
      lapsed: number;
      by_status: Record<string, number>;
    }>(FLEET, "/v1/stats");
    expect(stats.total_components).toBe(MANY + 1);
    const n = (value: number) => value.toLocaleString("en");
    expect(await page.locator("h1").innerText()).toBe(
      `${n(stats.by_status["available"]!)} of ${n(MANY + 1 + stats.lapsed)} agents usable`,
    );
    const words = await wordsOf(page);
    for (const [status, agents] of Object.entries(stats.by_status))
      expect(words).toContain(`${n(agents)} ${status}`);
    expect(words).toContain(`Of ${n(MANY + 1)} live agents, these are the first 25 by id.`);
    const first = await get<{ agents: { id: string }[] }>(FLEET, "/v1/agents?limit=25");
    const shown = await rows(page).evaluateAll((found) => found.map((row) => row.getAttribute("data-key")));
    expect(shown).toEqual(first.agents.map(({ id }) => id));
    expect(words).toContain("pay no usable provider");
    expect(words).toContain("tools/slow 1 tool healthy");

    await page.getByRole("link", { name: "All agents" }).click();
    await page.getByText(`Of ${n(MANY + 1)} live agents, these 100, by id.`).waitFor();
    await page.getByRole("button", { name: "Health" }).click();
    await page.getByText("Sorted by health within these 100, not among all").waitFor();
    await page.getByRole("link", { name: "Next page" }).click();
    await page.locator('tr[data-key="skill/s-0100"]').waitFor();
    await page.getByLabel("Id begins with").fill("skill/s-599");
    await page.keyboard.press("Enter");
    await page.getByText(`Of ${n(MANY + 1)} live agents, of those that match, all 10, by id.`).waitFor();
    await page.getByLabel("Id begins with").fill("skill/none");
    await page.keyboard.press("Enter");
    await page.getByText("No live agent matches.").waitFor();
    // Of those whom a page looks at nobody matches, and that is all it says.
    await page.goto(at("/ui/agents?status=offline"));
    await page.getByText("None of those looked at for this page match. There are more").waitFor();
    expect(trouble).toEqual([]);
  });

  it("and so does each of a service, a capability and a toolset", async () => {
    await using visited = await fleet("/ui/services/pay");
    const { page, trouble } = visited;
    await settle(page);
    const { global_services } = await get<{ global_services: { pay: { detail: string }[] } }>(
      FLEET,
      "/v1/runtime/services?service_type=pay",
    );
    const ofService = await wordsOf(page);
    expect(ofService).toContain("0 of 1 provider can be chosen now");
    expect(ofService).toContain(global_services.pay[0]!.detail);
    expect(ofService).toContain("Nobody has been chosen yet");

    await page.goto(at("/ui/capabilities"));
    const { capabilities } = await get<{ capabilities: { name: string; agents: number }[] }>(
      FLEET,
      "/v1/capabilities",
    );
    await page.getByText(`All ${capabilities.length} capabilities, by name.`).waitFor();

    await page.goto(at("/ui/toolsets/tools%2Fslow"));
    await settle(page);
    const { queued, claimed, consumers } = await get<{ queued: number; claimed: number; consumers: number }>(
      FLEET,
      "/v1/toolsets/tools%2Fslow/calls",
    );
    const ofToolset = await wordsOf(page);
    expect(ofToolset).toContain(`Waiting ${queued} The oldest waits`);
    expect(ofToolset).toContain(`In hand ${claimed} Consumers ${consumers}`);
    expect(trouble).toEqual([]);
  });
});

const SCREENS = [
  ["desktop", 1440, 1000],
  ["tablet", 900, 1100],
  ["phone", 390, 844],
] as const;
const PAGES = [
  ["overview", "/"],
  ["agents", "/ui/agents?prefix=agent/a-00"],
  ["agent", "/ui/agents/agent%2Fa-001"],
  ["services", "/ui/services"],
  ["service", "/ui/services/llm"],
  ["capabilities", "/ui/capabilities"],
  ["capability", "/ui/capabilities/skill%201"],
  ["toolsets", "/ui/toolsets"],
  ["toolset", "/ui/toolsets/office%2Fmail"],
  ["events", "/ui/events"],
  ["keys", "/ui/keys"],
  ["search", "/ui/search?q=a"],
] as const;

it.each(PAGES)("%s is cut on no screen, and has no serious accessibility violation", async (title, path) => {
  await using visited = await team(path);
  const { page, trouble } = visited;
  await settle(page);
  for (const [name, width, height] of SCREENS) {
    await page.setViewportSize({ width, height });
    await page.screenshot({ path: `${SCREENSHOTS}/${title}-${name}.png` });
    expect(await cutOff(page), name).toEqual([]);
  }
  expect(await seriousViolations(page, ["target-size"])).toEqual([]);
  await page.setViewportSize(DESKTOP.viewport!);
  expect(await seriousViolations(page)).toEqual([]);
  // In the dark the same is there, in other colours.
  await page.emulateMedia({ colorScheme: "dark" });
  await page.screenshot({ path: `${SCREENSHOTS}/${title}-dark.png` });
  expect(await seriousViolations(page, ["color-contrast"])).toEqual([]);
  expect(trouble).toEqual([]);
});

it("describes the API at /docs, to search and to link to", async () => {
  await using visited = await visit(browser, at("/docs#registerAgent"));
  const { page, trouble } = visited;
  const operation = page.locator("details#registerAgent");
  await operation.waitFor();
  expect(await operation.getAttribute("open")).not.toBeNull();
  await expect.poll(() => operation.innerText()).toContain("name: string");
  await page.getByRole("searchbox").fill("heartbeat");
  expect(await page.locator("details#heartbeat").isVisible()).toBe(true);
  expect(await operation.isVisible()).toBe(false);
  expect(await seriousViolations(page)).toEqual([]);
  expect(trouble).toEqual([]);
});
