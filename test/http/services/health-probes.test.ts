import { describe, expect, it } from "vitest";
import { bearer, keysAccess } from "../../support/keys.ts";
import { openServices } from "../../support/services.ts";
import { healthEndpoints, redirect } from "../../support/health-endpoints.ts";

/** Probes without a store: the requests that are sent, and the verdict on each answer. */

const ADMIN = { name: "boss", token: "key-of-boss", scopes: ["admin" as const] };
const HEALTH_URL = "https://a.example/health";
const NOT_FETCHED = "its health_url may not be fetched: ";

/** Probes one URL as a deployment with keys does, and tells what was asked, and why it failed if it did. */
async function probe(
  health_url: string,
  answer: Parameters<typeof healthEndpoints>[0],
  access: "keys" | "open" = "keys",
) {
  const { asked, requests, fetchHealth } = healthEndpoints(answer);
  const services = openServices({
    fetchHealth,
    ...(access === "keys" && { access: await keysAccess([ADMIN]) }),
  });
  const headers = access === "keys" ? bearer(ADMIN.token) : {};
  await services.register({ id: "a", services: [{ service: "llm" }], health_url }, headers);
  const { body } = await services.post<Record<string, boolean>>(
    "/v1/services/health-checks",
    undefined,
    headers,
  );
  const resolved = await services.get<{ reasons?: { detail: string }[] }>(
    "/v1/services/llm/resolve",
    headers,
  );
  return { asked, requests, passed: body["global.llm.a"], failure: resolved.body.reasons?.[0]?.detail };
}
const ok = () => new Response("ok");
const passes = { passed: true, failure: undefined };

describe("a probe", () => {
  it("asks as anybody would, and follows nothing by itself", async () => {
    const { asked, requests } = await probe(HEALTH_URL, ok);
    expect(asked).toEqual([HEALTH_URL]);
    const [{ signal, ...request } = {}] = requests;
    expect(request).toEqual({ redirect: "manual", headers: { "User-Agent": "rollcall" } });
    expect(signal?.aborted).toBe(false);
  });

  it.each([200, 204, 299])("passes with %i", async (status) => {
    expect(await probe(HEALTH_URL, () => new Response(null, { status }))).toMatchObject(passes);
  });

  it.each([300, 302, 304, 400, 401, 404, 429, 500, 503, 599])("fails with %i", async (status) => {
    expect(await probe(HEALTH_URL, () => new Response(null, { status }))).toMatchObject({
      passed: false,
      failure: `its health check answered ${status}`,
    });
  });

  it("fails when nobody can be reached", async () => {
    const refused = () => Promise.reject(new TypeError("connection refused by 10.0.0.7"));
    expect(await probe(HEALTH_URL, refused)).toMatchObject({
      passed: false,
      failure: "its health check could not be reached",
    });
  });

  it("fails when the answer breaks off", async () => {
    const body = new ReadableStream<Uint8Array>({ pull: (stream) => stream.error(new Error("cut off")) });
    expect(await probe(HEALTH_URL, () => new Response(body))).toMatchObject({
      passed: false,
      failure: "its health check could not be reached",
    });
  });

  it("fails when there is no answer in time", async () => {
    const silent = (_: string, { signal }: RequestInit) =>
      new Promise<Response>((_resolve, reject) => {
        signal?.addEventListener("abort", () => reject(signal.reason as Error));
      });
    expect(await probe(HEALTH_URL, silent)).toMatchObject({
      asked: [HEALTH_URL],
      passed: false,
      failure: "its health check took over 500 ms",
    });
  });

  it("reads what little there is, and hangs up on a body that goes on", async () => {
    let cancelled = false;
    let chunks = 0;
    const endless = new ReadableStream<Uint8Array>({
      pull(stream) {
        chunks += 1;
        stream.enqueue(new Uint8Array(1024));
      },
      cancel: () => void (cancelled = true),
    });
    expect(await probe(HEALTH_URL, () => new Response(endless))).toMatchObject(passes);
    expect(cancelled).toBe(true);
    expect(chunks).toBeLessThan(10);

    let ended = false;
    const short = new ReadableStream<Uint8Array>({
      start: (stream) => stream.enqueue(new Uint8Array(4096)),
      pull(stream) {
        ended = true;
        stream.close();
      },
    });
    expect(await probe(HEALTH_URL, () => new Response(short))).toMatchObject(passes);
    expect(ended).toBe(true);
  });

  it.each([301, 302, 303, 307, 308])("follows a %i", async (status) => {
    const answer = (url: string) =>
      url === HEALTH_URL ? redirect("https://b.example/", status) : new Response(null, { status: 204 });
    const { asked, ...rest } = await probe(HEALTH_URL, answer);
    expect(asked).toEqual([HEALTH_URL, "https://b.example/"]);
    expect(rest).toMatchObject(passes);
  });

  it("follows two redirects, relative ones from where it has got to", async () => {
    const next: Record<string, string> = {
      [HEALTH_URL]: "//b.example/deep/er",
      "https://b.example/deep/er": "../up?x=1",
    };
    const { asked, ...rest } = await probe(HEALTH_URL, (url) => (next[url] ? redirect(next[url]) : ok()));
    expect(asked).toEqual([HEALTH_URL, "https://b.example/deep/er", "https://b.example/up?x=1"]);
    expect(rest).toMatchObject(passes);
  });

  it("does not follow a third", async () => {
    const { asked, ...rest } = await probe(HEALTH_URL, (url) => redirect(`${url}/x`));
    expect(asked).toHaveLength(3);
    expect(rest).toMatchObject({
      passed: false,
      failure: "its health check redirected more than 2 times",
    });
  });

  const REFUSED = [
    ["http://a.example/", "it is not https"],
    ["https://user:pass@b.example/", "it carries credentials"],
    ["https://b.example:8443/", "it names a port other than 443"],
    ["https://127.0.0.1/", "its host is an address"],
    ["https://2130706433/", "its host is an address"],
    ["https://0x7f.1/", "its host is an address"],
    ["https://[::1]/", "its host is an address"],
    ["https://169.254.169.254/latest", "its host is an address"],
    ["https://localhost/", "its host is a single label"],
    ["https://metadata.google.internal/", "its host is an internal name"],
    ["https://printer.local./", "its host is an internal name"],
    ["http://localhost:8080/", "it is not https"],
  ] as const;

  it.each(REFUSED)("never fetches a health_url like %s", async (health_url, why) => {
    const { asked, ...rest } = await probe(health_url, ok);
    expect(asked).toEqual([]);
    expect(rest).toMatchObject({ passed: false, failure: NOT_FETCHED + why });
  });

  it.each([...REFUSED, ["https://", "it is not a URL"], ["file:///etc/passwd", "it is not https"]] as const)(
    "never follows a redirect to %s, first or second",
    async (location, why) => {
      const at = (hop: number) => (url: string) =>
        url === `${HEALTH_URL}${"/x".repeat(hop)}` ? redirect(location) : redirect(`${url}/x`);
      for (const hop of [0, 1]) {
        const { asked, ...rest } = await probe(HEALTH_URL, at(hop));
        expect(asked).toHaveLength(hop + 1);
        expect(rest).toMatchObject({ passed: false, failure: NOT_FETCHED + why });
      }
    },
  );

  it.each([
    "http://localhost:8080/health",
    "http://127.0.0.1/",
    "http://[::1]:9000/",
    "https://localhost/",
    HEALTH_URL,
  ])("of %s is made under open access", async (health_url) => {
    const { asked, ...rest } = await probe(health_url, ok, "open");
    expect(asked).toEqual([health_url]);
    expect(rest).toMatchObject(passes);
  });

  it.each(["http://a.example/", "http://10.0.0.7/", "https://169.254.169.254/", "http://192.168.0.1:80/"])(
    "of %s is not made under open access either",
    async (health_url) => {
      const { asked, passed } = await probe(health_url, ok, "open");
      expect(asked).toEqual([]);
      expect(passed).toBe(false);
    },
  );
});
