import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { createClient } from "../../../src/client/index.ts";
import { type LocalOptions, localRegistry } from "../../../src/local/index.ts";
import { FakeClock } from "../../support/fake-clock.ts";
import { START } from "../../support/start.ts";
import { WebhookServer } from "../../support/webhook-server.node.ts";

const AGENT = { name: "a", type: "b" };

it("a registry in this process sends webhooks over HTTP, and goes on with them when it is opened again", async () => {
  await using receiver = await WebhookServer.listen();
  const directory = mkdtempSync(join(tmpdir(), "rollcall-webhooks-"));
  onTestFinished(() => rmSync(directory, { recursive: true }));
  const clock = new FakeClock();
  // Receivers compare the time of a message with their own.
  clock.jump(Date.now() - START);
  const options: LocalOptions = { clock, directory };
  // What was sent while the registry was closed may come again.
  const told = () => [...new Set(receiver.messages.map(({ data }) => data["id"]))];
  const aLookLater = () => (clock.step(5000), told());

  {
    await using local = localRegistry(options);
    const { agents, subscriptions } = createClient(local);
    const { id, secret } = await subscriptions.create({ url: receiver.url, types: ["registered"] });
    receiver.secret = secret;
    await agents.register({ ...AGENT, id: "a" });
    await expect.poll(aLookLater).toEqual(["a"]);
    receiver.secret = "whsec_b3RoZXI=";
    await agents.register({ ...AGENT, id: "b" });
    const failure = async () => (clock.step(5000), (await subscriptions.get(id)).last_failure);
    await expect.poll(failure).toBe("the receiver answered 400");
    receiver.secret = secret;
  }

  await using local = localRegistry(options);
  await createClient(local).agents.register({ ...AGENT, id: "c" });
  await expect.poll(aLookLater).toEqual(["a", "b", "c"]);
});
