import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, expect, it } from "vitest";
import type { Open } from "./opened.ts";
import { scout } from "./opened.ts";

export function failures(open: Open): void {
  const nowhere = ["--url", "http://127.0.0.1:1"];

  describe("a failure", () => {
    it.each([
      { argv: ["list", ...nowhere], exit: 5, code: "network" },
      { argv: ["get", "nobody"], exit: 3, code: "agent_not_found", status: 404 },
      { argv: ["toolsets", "show", "nothing"], exit: 3, code: "toolset_not_found", status: 404 },
      { argv: ["resolve", "nothing"], exit: 3, code: "service_not_found", status: 404 },
      {
        argv: ["resolve", "llm", "--capability", "fly"],
        exit: 6,
        code: "no_provider_available",
        status: 503,
      },
      { argv: ["unregister", "agent/scout", "--lease-token", "30.10.1.x"], exit: 4, code: "lease_lost" },
      { argv: ["find", "x", "--limit", "0"], exit: 4, code: "invalid_request", status: 400 },
      { argv: ["lsit"], exit: 2, code: "usage" },
      { argv: ["list", "--typ", "x"], exit: 2, code: "usage" },
      { argv: ["register", "--file", "/nowhere/at/all"], exit: 1, code: "failed" },
    ])("$argv is exit code $exit, and as JSON says $code", async ({ argv, exit, ...fields }) => {
      const { rollcall, client } = open();
      await client.agents.register(scout);
      const people = await rollcall(argv);
      expect({ code: people.code, out: people.out }).toEqual({ code: exit, out: "" });
      expect(people.err).toMatch(/^rollcall: .+\n$/);
      const machines = await rollcall([...argv, "--json"]);
      expect({ code: machines.code, out: machines.out }).toEqual({ code: exit, out: "" });
      expect(machines.err.split("\n")).toHaveLength(2);
      const error = JSON.parse(machines.err) as object;
      expect(error).toMatchObject({ ...fields, detail: expect.stringMatching(/./) });
    });

    it("says as JSON what the registry said: where, why, and when to try again", async () => {
      const { rollcall, client } = open();
      await client.agents.register(scout);
      const errorOf = async (...argv: string[]) =>
        JSON.parse((await rollcall([...argv, "--json"])).err) as unknown;
      expect(await errorOf("find", "x", "--limit", "0")).toMatchObject({
        errors: [{ pointer: "/limit" }],
        request_id: expect.stringMatching(/./),
      });
      expect(await errorOf("resolve", "llm", "--capability", "fly")).toEqual({
        code: "no_provider_available",
        detail: expect.stringMatching(/./),
        status: 503,
        reasons: [
          { id: scout.id, stage: "capability", reason: expect.any(String), detail: expect.any(String) },
        ],
        retry_after_seconds: expect.any(Number),
        request_id: expect.any(String),
      });
    });

    it("is exit code 5 where something else than a registry answers", async () => {
      const { rollcall } = open();
      const server = createServer((_, response) => response.writeHead(404).end("not here"));
      server.listen(0, "localhost");
      await once(server, "listening");
      const { port } = server.address() as AddressInfo;
      const { code, err } = await rollcall(["ready", "--url", `localhost:${port}`, "--json"]);
      server.close();
      expect(code).toBe(5);
      expect(JSON.parse(err)).toMatchObject({ code: "unexpected_answer", status: 404 });
    });

    it("is exit code 6 where nobody is found, and the answer stands on standard output", async () => {
      const { rollcall } = open();
      const { code, out, err } = await rollcall(["find", "flying", "--json"]);
      expect({ code, err }).toEqual({ code: 6, err: "" });
      expect(JSON.parse(out)).toMatchObject({ agents: [], total_matches: 0 });
    });
  });

  describe("a registry's URL", () => {
    it("needs no scheme: http on this machine, https elsewhere", async () => {
      const { rollcall, url } = open();
      const { host, port } = new URL(url);
      for (const text of [host, `localhost:${port}`, `HTTP://${host}`, `${host}/`]) {
        expect((await rollcall(["ready", "--url", text])).out, text).toBe("ready: embedded\n");
      }
      expect((await rollcall(["ready"], { env: { ROLLCALL_URL: host } })).code).toBe(0);
      const { err } = await rollcall(["ready", "--url", "rollcall.invalid:1"]);
      expect(err).toContain("cannot be reached at https://rollcall.invalid:1");
      for (const text of ["ftp://a.example", "a b", "http://"]) {
        const refused = await rollcall(["ready", "--url", text]);
        expect(refused).toMatchObject({
          code: 2,
          err: expect.stringContaining("is not an http or https URL"),
        });
      }
    });

    it("may have a key for its password, which no message shows", async () => {
      const { rollcall, url } = open();
      const { host } = new URL(url);
      for (const text of [`http://agent:s3cret@${host}`, `agent:s3cret@${host}`]) {
        expect((await rollcall(["ready", "--url", text])).out, text).toBe("ready: embedded\n");
      }
      for (const text of ["http://agent:s3cret@127.0.0.1:1", "ftp://agent:s3cret@a.example"]) {
        const { err } = await rollcall(["stats", "--url", text]);
        expect(err, text).toMatch(/^rollcall: .+\n$/);
        expect(err, text).not.toContain("s3cret");
      }
      const ending = new AbortController();
      const { err } = await rollcall(["register", "--name", "a", "--url", `agent:s3cret@${host}`], {
        ending: ending.signal,
        onOut: () => void Promise.resolve().then(() => ending.abort()),
      });
      expect(err).toContain(`sending heartbeats to http://${host}`);
    });
  });
}
