import { describe, expect, it } from "vitest";
import { pages } from "../../../src/http/routes/pages.ts";
import { bearer, keysAccess } from "../../support/keys.ts";
import { BREAKABLE } from "../../support/outage.ts";
import { Registry } from "../../support/registry.ts";

/** What the Worker itself says of the dashboard's pages: a shell, the same for everybody. test/node/dashboard.test.ts looks at them. */

const PAGES = pages.map(({ path }) => path.replace(":name", "agent%2Fa"));
const SECRET = "a-name-nobody-else-has";

const keyed = async () => {
  const registry = new Registry({
    access: await keysAccess([{ name: "writer", token: "key-write", scopes: ["write"] }]),
  });
  await registry.register({ id: "agent/a", name: SECRET }, bearer("key-write"));
  return registry;
};

async function open(registry: Registry, path: string, headers?: Record<string, string>) {
  const response = await registry.fetch(path, headers ? { headers } : {});
  return { status: response.status, headers: response.headers, text: await response.text() };
}

describe.each(PAGES)("the page %s", (path) => {
  it("runs nothing inline, loads nothing from elsewhere, is framed by nobody, and stays nowhere", async () => {
    const { headers, text } = await open(new Registry(), path);
    expect(headers.get("Content-Type")).toBe("text/html; charset=utf-8");
    expect(headers.get("Cache-Control")).toBe("no-store");
    const policy = headers.get("Content-Security-Policy");
    expect(policy).toContain("default-src 'none'; script-src 'self'; style-src 'self'");
    expect(policy).toContain("frame-ancestors 'none'");
    expect(policy).not.toContain("unsafe");
    expect(text).not.toMatch(/<script(?! type="module" src="\/ui\/)|<style| style=| on\w+=|https?:\/\//);
  });

  it("is the same with a key and without, and has nothing of the registry", async () => {
    const registry = await keyed();
    const [without, withKey] = [await open(registry, path), await open(registry, path, bearer("key-write"))];
    expect([without.status, withKey.status]).toEqual([200, 200]);
    expect(withKey.text).toBe(without.text);
    expect(without.text).not.toContain(SECRET);
    expect(without.text).not.toContain("agent/a");
  });

  it("says 503 and what to set where nobody may do anything", async () => {
    const registry = new Registry({ access: { mode: "closed", why: "Set <API_KEYS>." } });
    const { status, text, headers } = await open(registry, path);
    expect(status).toBe(503);
    expect(headers.get("Retry-After")).toBe("60");
    expect(text).toContain("Set &lt;API_KEYS&gt;.");
  });

  it("takes GET, and says so", async () => {
    const { status, headers } = await new Registry().call("POST", path, {});
    expect([status, headers.get("Allow")]).toEqual([405, "GET"]);
  });
});

describe.each(BREAKABLE)("while $name is out", ({ openBreakable }) => {
  it("the pages come all the same: they say what is wrong", async () => {
    const { backend, fail } = openBreakable();
    const registry = new Registry({ backend });
    await fail();
    for (const path of PAGES) expect((await open(registry, path)).status, path).toBe(200);
  });
});
