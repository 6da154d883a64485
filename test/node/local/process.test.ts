import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { expect, it } from "vitest";

const LOCAL = new URL("../../../src/local/index.ts", import.meta.url).href;

it("a registry holds its process open while a request waits, and no longer", async () => {
  const program = `
    import { localRegistry } from ${JSON.stringify(LOCAL)};
    const { fetch, url } = localRegistry();
    const headers = { "Content-Type": "application/json" };
    const post = (path, body) => fetch(url + path, { method: "POST", headers, body: JSON.stringify(body) });
    await post("/v1/toolsets", { name: "t", tools: [{ name: "a", payload_schema: {}, result_schema: {} }] });
    const claim = async (wait) => (await (await post("/v1/toolsets/t/claims", { consumer: "c", wait })).json()).messages;
    console.log((await claim(0)).length, (await claim(0.05)).length);`;
  const ran = promisify(execFile)(process.execPath, ["--input-type=module", "--eval", program], {
    timeout: 30_000,
  });
  // Not held, the process would end with code 13 in the middle; held by alarms and the sweep, it would run into the time limit.
  expect((await ran).stdout).toBe("1 0\n");
});
