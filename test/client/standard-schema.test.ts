import { expect, it } from "vitest";
import * as z from "zod";
import type { ServedTool } from "../../src/client/served-toolset.ts";
import { pollingClient } from "../support/client.ts";
import { Network } from "../support/network.ts";

const META = { run_id: "r", session_id: "s" };

/** A tool with this schema, and its result, or its error, for a payload. */
async function served(tool: ServedTool) {
  const network = new Network();
  const client = pollingClient(network);
  await network.until(client.serveToolset({ name: "text", tools: { it: tool } }));
  const call = async (payload: unknown) => {
    const { call_id } = await client.toolsets.call("text", "it", { payload, meta: META });
    await network.pass(2000);
    return client.toolsets.result("text", call_id, { wait: 0 });
  };
  return { client, call };
}

/** Schemas with defaults, a transformation, and a rule that JSON Schema cannot say. */
const PAYLOAD = z.object({
  text: z.string().refine((text) => text !== "secret", "must not be the secret"),
  times: z.string().default("2").transform(Number),
});
const SAY: ServedTool = {
  payload_schema: PAYLOAD,
  result_schema: z.object({ said: z.string().default("") }),
  handle: ({ text, times }: z.output<typeof PAYLOAD>) => ({ said: text.repeat(times) }),
};

it("registers a library's schema as JSON Schema: what goes into the payload's, what comes out of the result's", async () => {
  const { client } = await served(SAY);
  const { tools } = await client.toolsets.get("text");
  expect(tools).toMatchObject([
    {
      payload_schema: { required: ["text"], properties: { times: { type: "string", default: "2" } } },
      result_schema: { required: ["said"] },
    },
  ]);
});

it("hands a handler what its schema makes of the payload, with defaults and transformations", async () => {
  const { call } = await served(SAY);
  expect(await call({ text: "ab" })).toMatchObject({ result: { said: "abab" } });
  expect(await call({ text: "ab", times: "3" })).toMatchObject({ result: { said: "ababab" } });
});

it("fails a call as invalid_arguments for what only the library's schema refuses", async () => {
  const { call } = await served(SAY);
  expect(await call({ text: "secret" })).toMatchObject({
    error: {
      code: "invalid_arguments",
      message: "/text: must not be the secret",
      issues: [{ field: "/text", constraint: "must not be the secret" }],
    },
  });
  await expect(call({ text: 1 })).rejects.toMatchObject({ code: "invalid_request" });
});

it("points to what is wrong as RFC 6901 has it, and sends no more of it than the registry takes", async () => {
  const said = "x".repeat(2000);
  const payload_schema = z.object({
    "a/b~c": z.array(z.number()).superRefine((list, context) => {
      for (const index of list.keys()) context.addIssue({ code: "custom", path: [index], message: said });
    }),
  });
  const { call } = await served({ payload_schema, handle: () => null });
  const { error } = await call({ "a/b~c": Array.from({ length: 101 }, () => 0) });
  expect(error?.issues).toHaveLength(100);
  expect(error?.issues?.[99]).toEqual({ field: "/a~1b~0c/99", constraint: said.slice(0, 1024) });
});
