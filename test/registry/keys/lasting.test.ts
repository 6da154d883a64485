import { expect, it } from "vitest";
import type { Asker } from "../../../src/core/authority.ts";
import { createKey } from "../../../src/registry/keys/manage.ts";
import { streamWhileKeyLasts, whileKeyLasts } from "../../../src/registry/keys/lasting.ts";
import { Registry } from "../../support/registry.ts";

const MAKER: Asker = { name: "root", scopes: ["admin"], namespace: "default" };

async function opened() {
  const registry = new Registry();
  const namespace = registry.open("default");
  const made = await createKey(
    namespace,
    MAKER,
    { name: "robin", scopes: ["read"], expiresAt: registry.now + 5000 },
    registry.now,
  );
  if (made instanceof Error) throw made;
  const asker: Asker = { ...MAKER, name: "robin", key: { id: made.key.id, endsAt: made.key.expiresAt } };
  /** Says something every second, and never waits. */
  const talk = () =>
    new Response(
      new ReadableStream<Uint8Array>({
        async pull(controller) {
          await registry.pass(1000);
          controller.enqueue(new Uint8Array([1]));
        },
      }),
      { status: 200, headers: { "X-Kept": "yes" } },
    );
  return { registry, namespace, asker, talk };
}

it("a stream that never waits breaks off when its key ends, and is else what it was", async () => {
  const { registry, namespace, asker, talk } = await opened();
  const endsAt = asker.key!.endsAt!;
  const guarded = streamWhileKeyLasts(namespace, asker, talk());
  expect(guarded.headers.get("X-Kept")).toBe("yes");
  const reader = guarded.body!.getReader();
  const readAll = async () => {
    while (!(await reader.read()).done);
  };
  await expect(readAll()).rejects.toThrow("ended");
  // What was on its way comes after.
  expect(registry.now - endsAt).toBeLessThanOrEqual(3000);
});

it("a key that is configured guards nothing", async () => {
  const { namespace, talk } = await opened();
  const answer = talk();
  expect(streamWhileKeyLasts(namespace, MAKER, answer)).toBe(answer);
  expect(whileKeyLasts(namespace, MAKER)).toBe(namespace);
});

it("a wait lasts as long as it was to, and is over at once with its key", async () => {
  const { registry, namespace, asker } = await opened();
  const { pause } = whileKeyLasts(namespace, asker);
  const begun = registry.now;
  await pause(3000);
  expect(registry.now - begun).toBe(3000);
  await expect(pause(600_000)).rejects.toThrow("ended");
  expect(registry.now - begun).toBeLessThanOrEqual(13_000);
});
