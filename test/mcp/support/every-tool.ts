import { expect } from "vitest";
import { connect, type Target } from "./clients.ts";

/** Fails unless these are the tools that are listed of the toolset, and each answers a call by its listed name. */
export async function expectEveryTool(
  target: Target,
  toolset: string,
  args: Record<string, Record<string, unknown>>,
): Promise<void> {
  await using client = await connect(target);
  const listed = (await client.tools())
    .map(({ name }) => name)
    .filter((name) => name.startsWith(`${toolset}__`));
  const expected = Object.keys(args).map((name) => `${toolset}__${name}`);
  expect(listed.toSorted()).toEqual(expected.toSorted());
  for (const [name, given] of Object.entries(args)) {
    const { isError, content } = await client.call(`${toolset}__${name}`, given);
    expect({ name, isError, content }).toEqual({ name, content });
    expect(content).not.toEqual([]);
  }
}
