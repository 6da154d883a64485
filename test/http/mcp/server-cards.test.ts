import { describe, expect, it } from "vitest";
import { bearer, keysAccess } from "../../support/keys.ts";
import { openToolsets } from "../../support/toolsets.ts";

interface Card {
  $schema: string;
  name: string;
  title: string;
  version: string;
  description: string;
  remotes: { type: string; url: string; headers?: { name: string; isSecret: boolean }[] }[];
}
const NAME = /^[a-zA-Z0-9.-]+\/[a-zA-Z0-9._-]+$/;
const TOKEN = "t".repeat(32);

describe("a server card", () => {
  it("of all tools needs no key, names no tool, and says what a request needs", async () => {
    const access = await keysAccess([{ name: "worker", token: TOKEN, scopes: ["read", "write"] }]);
    const registry = openToolsets({ access });
    await registry.offer({}, bearer(TOKEN));
    const { status, headers, body } = await registry.get<Card>("/mcp/server-card");
    expect(status).toBe(200);
    expect(headers.get("Content-Type")).toBe("application/mcp-server-card+json");
    expect(headers.get("Cache-Control")).toBe("public, max-age=3600");
    expect(headers.get("Access-Control-Allow-Origin")).toBe("*");
    expect(headers.get("Access-Control-Expose-Headers")).toContain("ETag");
    expect(body.name).toMatch(NAME);
    expect(body.remotes).toEqual([
      {
        type: "streamable-http",
        url: "http://localhost/mcp",
        supportedProtocolVersions: ["2026-07-28", "2025-11-25", "2025-06-18", "2025-03-26"],
        headers: [
          {
            name: "Authorization",
            description: expect.any(String),
            isRequired: true,
            isSecret: true,
            value: "Bearer {key}",
            variables: { key: { description: expect.any(String), isRequired: true, isSecret: true } },
          },
        ],
      },
    ]);
    expect(JSON.stringify(body)).not.toMatch(/echo|"tools"/);
  });

  it("of one toolset needs a key that reads, and is as the toolset is", async () => {
    const access = await keysAccess([
      { name: "worker", token: TOKEN, scopes: ["write"] },
      { name: "reader", token: "r".repeat(32), scopes: ["read"] },
    ]);
    const registry = openToolsets({ access });
    const fields = { name: "ops/http:main", version: "v1.2.3-rc.1", description: "Operates." };
    await registry.offer(fields, bearer(TOKEN));
    const path = "/mcp/toolsets/ops%2Fhttp%3Amain/server-card";
    expect((await registry.get(path)).status).toBe(401);
    const { body } = await registry.get<Card>(path, bearer("r".repeat(32)));
    expect(body).toMatchObject({ title: "ops/http:main", version: "1.2.3-rc.1", description: "Operates." });
    expect(body.name).toMatch(NAME);
    expect(body.remotes[0]!.url).toBe("http://localhost/mcp/toolsets/ops%2Fhttp%3Amain");
  });

  it("asks for no header under open access", async () => {
    const { body } = await openToolsets().get<Card>("/mcp/server-card");
    expect(body.remotes[0]!.headers).toBeUndefined();
  });

  it("is not sent again to who has it", async () => {
    const registry = openToolsets();
    const { headers } = await registry.get("/mcp/server-card");
    const again = await registry.fetch("/mcp/server-card", {
      headers: { "If-None-Match": headers.get("ETag")! },
    });
    expect([again.status, await again.text(), again.headers.get("ETag")]).toEqual([
      304,
      "",
      headers.get("ETag"),
    ]);
  });

  it("of a toolset that there is not is 404", async () => {
    const { status, body } = await openToolsets().get("/mcp/toolsets/none/server-card");
    expect([status, body["code"]]).toEqual([404, "toolset_not_found"]);
  });
});
