import { describe, expect, it } from "vitest";
import { keysAccess } from "../../support/keys.ts";
import { openToolsets } from "../../support/toolsets.ts";

const withKeys = async () => openToolsets({ access: await keysAccess([]) });

describe("a client of MCP", () => {
  it.each([
    "/.well-known/oauth-protected-resource",
    "/.well-known/oauth-protected-resource/mcp",
    "/.well-known/oauth-authorization-server",
    "/.well-known/oauth-authorization-server/mcp",
    "/.well-known/openid-configuration",
  ])("that looks for OAuth finds a plain 404, whatever the keys: %s", async (path) => {
    for (const registry of [openToolsets(), await withKeys()]) {
      const answer = await registry.fetch(path);
      expect(answer.status).toBe(404);
      expect(answer.headers.get("Content-Type")).toMatch(/^text\/plain/);
      expect(answer.headers.has("WWW-Authenticate")).toBe(false);
    }
  });

  it("is told of nothing else under .well-known without a key", async () => {
    expect((await (await withKeys()).fetch("/.well-known/other")).status).toBe(401);
  });

  it("in a browser may send what the protocol asks for, where keys are on", async () => {
    const registry = await withKeys();
    const { status, headers } = await registry.fetch("/mcp", {
      method: "OPTIONS",
      headers: { Origin: "https://app.example", "Access-Control-Request-Method": "POST" },
    });
    expect(status).toBe(204);
    const allowed = headers.get("Access-Control-Allow-Headers")!.split(",");
    for (const name of [
      "Authorization",
      "Content-Type",
      "MCP-Protocol-Version",
      "Mcp-Method",
      "Mcp-Name",
      "*",
    ])
      expect(allowed).toContain(name);
  });
});
