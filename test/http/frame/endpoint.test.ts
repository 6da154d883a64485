import * as z from "zod";
import { describe, expect, it } from "vitest";
import { ANONYMOUS } from "../../../src/http/frame/auth.ts";
import { type Endpoint, endpoint } from "../../../src/http/frame/endpoint.ts";
import { DOCUMENTATION } from "../../../src/http/documentation/index.ts";
import { openApiDocument } from "../../../src/http/frame/openapi/document.ts";
import { KEYS } from "../../support/authorisation.ts";
import { bearer, keysAccess } from "../../support/keys.ts";
import { Registry } from "../../support/registry.ts";

const shared = { method: "GET", group: "operation", refusals: [] } as const;
/** What `health` answers, with room for a name. */
const answer = (service: string) => ({
  status: 200 as const,
  body: { status: "healthy" as const, service, timestamp: "2126-01-01T00:00:00.000Z" },
});

const open = endpoint({
  ...shared,
  path: "/v1/open",
  operationId: "health",
  scope: null,
  handle: async ({ asker }) => answer(String(asker.name)),
});
const anyKey = endpoint({
  ...shared,
  path: "/v1/whoever/:id",
  params: { id: z.string().max(3) },
  operationId: "health",
  scope: null,
  key: "required",
  handle: async ({ asker, params }) => answer(`${asker.name} ${params.id}`),
});

const access = await keysAccess(KEYS);
const registryWith = (table: Endpoint[]) => new Registry({ table, access });

describe("an endpoint that needs no scope", () => {
  it("answers without a key, and is in the document as one that takes none", async () => {
    const { status, body } = await registryWith([open]).get("/v1/open");
    expect({ status, body }).toEqual(answer(String(ANONYMOUS.name)));
    const document = openApiDocument([open], DOCUMENTATION, { names: {}, requests: {} }) as {
      paths: Record<string, Record<string, unknown>>;
    };
    expect(document.paths["/v1/open"]!["get"]).toMatchObject({ security: [], description: "Takes no key." });
  });

  it("can need a key all the same, any key", async () => {
    const registry = registryWith([anyKey]);
    expect((await registry.get("/v1/whoever/x")).status).toBe(401);
    const { body } = await registry.get("/v1/whoever/x", bearer("key-read"));
    expect(body).toEqual(answer("reader x").body);
    const document = openApiDocument([anyKey], DOCUMENTATION, { names: {}, requests: {} }) as {
      paths: Record<string, Record<string, object>>;
    };
    expect(document.paths["/v1/whoever/{id}"]!["get"]).toMatchObject({ description: "Takes any key." });
    expect(document.paths["/v1/whoever/{id}"]!["get"]).not.toHaveProperty("security");
  });

  it("has its path's parameters checked by their schemas", async () => {
    const { status, body } = await registryWith([anyKey]).get("/v1/whoever/xxxx", bearer("key-read"));
    expect(status).toBe(400);
    expect(body["errors"]).toMatchObject([{ pointer: "/id" }]);
  });
});

/** The compiler holds these: each line below an expectation must not compile. */
export const refusedByTheCompiler = [
  endpoint({
    ...shared,
    path: "/v1/a",
    operationId: "health",
    scope: null,
    // @ts-expect-error 201 is not declared
    handle: async () => ({ status: 201, body: answer("a").body }),
  }),
  endpoint({
    ...shared,
    path: "/v1/b",
    operationId: "health",
    scope: null,
    // @ts-expect-error the answer has no such field
    handle: async () => ({ status: 200, body: { ...answer("a").body, more: 1 } }),
  }),
  endpoint({
    ...shared,
    path: "/v1/c",
    operationId: "health",
    scope: null,
    // @ts-expect-error the answer lacks its name
    handle: async () => ({ status: 200, body: { status: "healthy" as const } }),
  }),
  // @ts-expect-error the parameter has no schema
  endpoint({
    ...shared,
    path: "/v1/d/:id",
    operationId: "health",
    scope: null,
    handle: async () => answer("a"),
  }),
  endpoint({
    ...shared,
    path: "/v1/e",
    // @ts-expect-error nothing is said of it
    operationId: "undocumented",
    scope: null,
    handle: () => Promise.reject(new Error("it is not called")),
  }),
];
