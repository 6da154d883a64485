import { expect, inject, it } from "vitest";
import { CLIENTS } from "./support/clients.ts";
import { CALLERS, keyOf } from "./support/keys.ts";

const CALLS = 500;

it(`answers ${CALLS} calls at once, of five keys and of clients of both eras, each once and to its caller`, async () => {
  const url = new URL("/mcp", inject("keyedUrl")).href;
  const run = crypto.randomUUID();
  // Each client numbers its requests from 0, so that the same ids are on the way for all.
  const clients = await Promise.all(
    CALLERS.map((holder, n) => CLIENTS[n % CLIENTS.length]!.connect({ url, key: keyOf(holder) })),
  );
  const texts = Array.from({ length: CALLS }, (_, n) => `${run} ${CALLERS[n % CALLERS.length]} ${n}`);
  const results = await Promise.all(
    texts.map((text, n) => clients[n % clients.length]!.call("conf__echo", { text })),
  );
  expect(results.map(({ structuredContent }) => structuredContent)).toEqual(texts.map((text) => ({ text })));

  const { structuredContent } = await clients[0]!.call("conf__echoed", { start: run });
  expect((structuredContent as { texts: string[] }).texts.toSorted()).toEqual(texts.toSorted());
  await Promise.all(clients.map((client) => client[Symbol.asyncDispose]()));
});
