import { describe, expect, it } from "vitest";
import { endpoints } from "../../../src/http/routes.ts";
import { Registry } from "../../support/registry.ts";

interface Refused {
  code: string;
  errors?: { pointer: string; detail: string }[];
}

// The older agent API ignores what it does not know, and a GET cannot be given a body here.
const bodyless = endpoints
  .filter(({ method, body, dialect }) => method !== "GET" && body === undefined && dialect === undefined)
  .map(({ method, path }) => ({
    method,
    path: path.replace(/:(?:key|subscription)\b/, "0123456789abcdef").replaceAll(/:\w+/g, "nobody"),
  }))
  .map(({ method, path }) => ({ method, path: path === "/v1/agents" ? `${path}?prefix=nobody` : path }));

const registry = new Registry();
const send = (method: string, path: string, body: string, type = "application/json") =>
  registry.fetch(path, { method, body, headers: { "Content-Type": type } });

describe("a body that a route does not take", () => {
  it.each(bodyless)("is refused, not ignored: $method $path", async ({ method, path }) => {
    for (const body of ['{"ttl":1}', "[]", "null", "x", `${" ".repeat(100)}{}`]) {
      const response = await send(method, path, body, body === "x" ? "text/plain" : undefined);
      const refused = await response.json<Refused>();
      expect(response.status, body).toBe(400);
      expect(refused.errors?.[0]?.detail, body).toContain("this route takes no body");
    }
  });

  it("may be empty, or an object with nothing in it", async () => {
    for (const body of ["", " ", "{}", " { } \n"]) {
      const { status } = await send("POST", "/v1/sweep", body, "application/x-www-form-urlencoded");
      expect(status, body).toBe(200);
    }
  });

  it("is answered with what can be said in the query", async () => {
    const path = "/v1/runtime/services/circuit-breakers/reset";
    const refused = await (await send("POST", path, '{"service_type":"llm"}')).json<Refused>();
    const detail = "this route takes no body; what it can be told are parameters: service_type";
    expect(refused).toMatchObject({ code: "invalid_request", errors: [{ pointer: "", detail }] });
  });

  it("is not read to its end", async () => {
    let pulled = 0;
    const endless = new ReadableStream<Uint8Array>({
      pull(controller) {
        pulled += 1;
        controller.enqueue(new TextEncoder().encode(" ".repeat(50)));
      },
    });
    const response = await registry.fetch("/v1/sweep", { method: "POST", body: endless });
    expect(response.status).toBe(400);
    expect(pulled).toBeLessThan(10);
  });
});
