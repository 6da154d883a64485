import { describe, expect, it } from "vitest";
import { WebhookServer } from "../../support/webhook-server.node.ts";
import type { Open } from "./opened.ts";

export function managesSubscriptions(open: Open): void {
  describe("a subscription", () => {
    it("is added, tested over HTTP, listed, rotated and removed; its secret alone goes to standard output", async () => {
      await using receiver = await WebhookServer.listen();
      const { rollcall, client } = open();
      const asked = ["--type", "lapsed", "--prefix", "agent/", "--kind", "agent", "--id", "agent/a"];
      const added = await rollcall(["subscriptions", "add", receiver.url, ...asked]);
      const [made] = (await client.subscriptions.list()).subscriptions;
      const id = made!.id;
      expect(made).toMatchObject({
        types: ["lapsed"],
        filter: { prefix: "agent/", kind: "agent", ids: ["agent/a"] },
      });
      expect(added.out).toMatch(/^whsec_[\w+/]{43}=\n$/);
      expect(added.err).toBe(`This secret is shown once. It signs what subscription ${id} is sent.\n`);

      receiver.secret = added.out.trim();
      const test = () => rollcall(["subscriptions", "test", id]);
      expect(await test()).toEqual({ code: 0, out: "delivered\n", err: "" });
      expect(receiver.messages).toMatchObject([{ type: "test", data: { subscription: id } }]);
      receiver.status = 500;
      expect(await test()).toMatchObject({
        code: 1,
        out: "not delivered: the receiver answered 500\n",
      });

      const rotated = await rollcall(["subscriptions", "rotate", id, "--overlap", "60"]);
      expect(rotated.out).toMatch(/^whsec_[\w+/]{43}=\n$/);
      expect(rotated.out).not.toBe(added.out);
      const listed = (await rollcall(["subscriptions"])).out;
      expect(listed).toMatch(/^ID +STATE +QUEUED +DELIVERED +TYPES +URL/);
      expect(listed).toContain(`${id}  active  0       never      lapsed  ${receiver.url}`);
      expect(listed).toContain("\n1 subscription\n");
      expect(listed).not.toContain(receiver.secret.slice(6));

      const removed = await rollcall(["subscriptions", "remove", id]);
      expect(removed).toEqual({ code: 0, out: `${id} is removed\n`, err: "" });
      expect((await rollcall(["subscriptions", "remove", id])).err).toContain("No subscription");
    });

    it("is refused with the word that is wrong", async () => {
      const { rollcall } = open();
      const add = (...words: string[]) => rollcall(["subscriptions", "add", ...words]);
      expect((await add("https://receiver.example/", "--type", "exploded")).err).toContain("/types/0");
      expect((await add("https://receiver.example/", "--kind", "planet")).err).toContain("/filter/kind");
      expect((await add("http://receiver.example/")).err).toContain("it is not https");
    });
  });
}
