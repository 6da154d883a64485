import * as fc from "fast-check";
import { expect, it } from "vitest";
import type { JoinedAgent } from "../../src/client/joined-agent.ts";
import { clientOver, clientWithSockets, SCOUT } from "../support/client.ts";
import { Network, type Weather } from "../support/network.ts";
import { Registry } from "../support/registry.ts";

const PATH = "/v1/agents/agent%2Fscout";

const weather: fc.Arbitrary<Weather> = fc.oneof(
  { weight: 3, arbitrary: fc.constant<Weather>({ kind: "fine" }) },
  fc.constantFrom<Weather>({ kind: "cut" }, { kind: "cut-reply" }, { kind: "stall" }),
  fc.record({ kind: fc.constant("late"), ms: fc.integer({ min: 1, max: 20_000 }) }),
  fc.record({ kind: fc.constant("answer"), status: fc.constantFrom(429, 500, 502, 503) }),
  fc.record({
    kind: fc.constant("answer"),
    status: fc.constantFrom(429, 503),
    retryAfter: fc.integer({ min: 0, max: 90 }),
  }),
);

/** What may happen to an agent, in the order of the script. */
const event = fc.oneof(
  fc.record({ does: fc.constant("weather"), weather }),
  fc.record({ does: fc.constant("pass"), ms: fc.integer({ min: 0, max: 90_000 }) }),
  fc.record({ does: fc.constant("sleep"), ms: fc.integer({ min: 1, max: 1_200_000 }) }),
  fc.record({ does: fc.constant("jump"), ms: fc.constantFrom(-600_000, 600_000) }),
  fc.record({ does: fc.constant("load"), load: fc.integer({ min: 0, max: 20 }) }),
  fc.record({ does: fc.constantFrom("unregister", "drain", "restart-empty", "take-over", "cut") }),
);
type Event = typeof event extends fc.Arbitrary<infer T> ? T : never;

async function happen(network: Network, agent: JoinedAgent, now: Event, takers: string[]): Promise<void> {
  switch (now.does) {
    case "weather":
      if ("weather" in now) network.weather = now.weather;
      return;
    case "pass":
      return network.pass("ms" in now ? now.ms : 0);
    case "sleep":
      return network.sleep("ms" in now ? now.ms : 0);
    case "jump":
      return network.clock.jump("ms" in now ? now.ms : 0);
    case "load":
      if ("load" in now) agent.load = now.load;
      return;
    case "unregister":
      if ((await network.registry.call("DELETE", PATH)).status === 204) takers.push("nobody");
      return;
    case "drain":
      await network.registry.post(`${PATH}/drain`);
      return;
    case "restart-empty":
      network.registry = new Registry({ startAt: network.registry.now });
      return network.cut();
    case "cut":
      return network.cut();
    case "take-over":
      takers.push((await network.registry.register(SCOUT)).lease_token);
  }
}

it.each([
  { by: "heartbeats", client: clientOver, numRuns: 40 },
  { by: "sockets", client: clientWithSockets, numRuns: 10 },
])(
  "after any sequence of network faults, an agent that holds its lease by $by is registered with its last report, or ended because its id was taken",
  async ({ client, numRuns }) => {
    await fc.assert(
      fc.asyncProperty(fc.array(event, { maxLength: 25 }), async (script) => {
        const network = new Network();
        const agent = await network.until(client(network).join(SCOUT));
        const takers: string[] = [];
        for (const now of script) await happen(network, agent, now, takers);

        network.weather = { kind: "fine" };
        await network.pass(180_000);
        const isJoined = agent.state === "joined";
        const holds = async (token: string | undefined) =>
          token !== undefined && (await network.registry.heartbeat("agent/scout", token, {})).status === 200;
        const { body } = await network.registry.get(PATH);
        const found = isJoined
          ? {
              holders: await Promise.all([agent.leaseToken, ...takers].map(holds)),
              seen: [body["current_load"], body["status"], body["effective_status"]],
            }
          : { ending: (await agent.ended).error?.code, wasTaken: takers.length > 0 };
        const effective = agent.desiredState === "drain" ? "draining" : "available";
        const expected = isJoined
          ? { holders: [true, ...takers.map(() => false)], seen: [agent.load, agent.status, effective] }
          : { ending: "lease_lost", wasTaken: true };
        expect(found).toEqual(expected);

        await network.until(agent.leave());
        expect([isJoined, (await network.registry.get(PATH)).status]).not.toEqual([true, 200]);
        expect(network.clock.pendingTimers).toBe(0);
      }),
      { numRuns, interruptAfterTimeLimit: 40_000 },
    );
  },
);
