import { expect, it } from "vitest";
import { Outcomes } from "../../src/client/outcomes.ts";
import type { CallReport } from "../../src/client/shapes.ts";
import { counted, serviceOf } from "../support/service.ts";

const SUCCESS: CallReport = { service: "llm", provider_id: "a", success: true };
const FAILURE = { ...SUCCESS, success: false };

async function reporting() {
  const { network, client } = await serviceOf(["a"]);
  return { network, client, outcomes: new Outcomes(client.services, network.clock) };
}

/** Outcomes that wait for the first one, which never arrives. */
async function waiting() {
  const { network, outcomes } = await reporting();
  network.weather = { kind: "stall" };
  outcomes.add(FAILURE);
  await network.settle();
  network.weather = { kind: "fine" };
  return { network, outcomes };
}

it("sends those of one moment together", async () => {
  const { network, outcomes } = await reporting();
  for (let i = 0; i < 3; i += 1) outcomes.add(SUCCESS);
  await outcomes.flush();
  outcomes.add(FAILURE);
  await outcomes.flush();
  expect(network.sent).toHaveLength(2);
  expect(await counted(network)).toEqual({ a: { successes: 3, failures: 1 } });
});

it("sends as many at a time as the registry takes, and forgets the oldest of more than 10,000", async () => {
  const { network, outcomes } = await waiting();
  outcomes.add(FAILURE);
  for (let i = 0; i < 10_000; i += 1) outcomes.add(SUCCESS);
  await network.until(outcomes.flush());
  expect(network.sent).toHaveLength(1 + 20);
  expect(await counted(network)).toEqual({ a: { successes: 10_000, failures: 0 } });
});

it("sends as much at a time as the registry takes", async () => {
  const { network, outcomes } = await waiting();
  for (let i = 0; i < 60; i += 1) outcomes.add({ ...FAILURE, error: "\u0001".repeat(4096) });
  await network.until(outcomes.flush());
  expect(await counted(network)).toEqual({ a: { successes: 0, failures: 60 } });
});

it("gives up after eight failures in a row, not in all", async () => {
  const { network, client, outcomes } = await reporting();
  const selected = async () => (await client.services.resolve("llm")).selection_id;
  const [first, second] = [await selected(), await selected()];
  const sent = network.sent.length;
  // Two requests, and each meets seven failures.
  network.weather = () => ({ kind: (network.sent.length - sent) % 8 === 7 ? "fine" : "cut" });
  for (let i = 0; i < 500; i += 1) outcomes.add({ ...SUCCESS, selection_id: first });
  outcomes.add({ ...SUCCESS, selection_id: second });
  await network.until(outcomes.flush());
  expect(network.sent).toHaveLength(sent + 16);
  expect(await counted(network)).toEqual({ a: { successes: 2, failures: 0 } });
});

it("gives up all that waits", async () => {
  const { network, client, outcomes } = await reporting();
  const { selection_id } = await client.services.resolve("llm");
  network.weather = { kind: "cut" };
  for (let i = 0; i < 501; i += 1) outcomes.add({ ...SUCCESS, selection_id });
  await network.until(outcomes.flush());
  expect(network.sent).toHaveLength(1 + 8);
});
