import { describe, expect, it } from "vitest";
import { Lease } from "../../src/client/lease.ts";
import { RollcallError } from "../../src/client/problem.ts";

const lost = new RollcallError("lease_lost", "", { status: 409 });
const answered = (lease_token: string) => Promise.resolve({ lease_token });
const failed = (status: number) =>
  Promise.reject<{ lease_token: string }>(new RollcallError("network", "", { status }));

describe("a lease", () => {
  it("is gone where the registry knows no such entry, and not where another process has it", async () => {
    const lease = new Lease("agent_not_found");
    await lease.register(answered("a"));
    expect([lease.dropIfGone(lost), lease.token]).toEqual([false, "a"]);
    const notFound = new RollcallError("agent_not_found", "", { status: 404 });
    expect([lease.dropIfGone(notFound), lease.token]).toEqual([true, undefined]);
  });

  it.each([0, 500, 503])("may be lost to its own registration, if that failed with %i", async (status) => {
    const lease = new Lease("agent_not_found");
    await expect(lease.register(failed(status))).rejects.toMatchObject({ status });
    await lease.register(answered("b"));
    expect([lease.dropIfGone(lost), lease.token]).toEqual([true, undefined]);
    await lease.register(answered("c"));
    expect([lease.dropIfGone(lost), lease.token]).toEqual([false, "c"]);
  });

  it("cannot be lost to a registration that was refused", async () => {
    const lease = new Lease("toolset_not_found");
    await expect(lease.register(failed(429))).rejects.toMatchObject({ status: 429 });
    await lease.register(answered("a"));
    expect(lease.dropIfGone(lost)).toBe(false);
  });

  it("cannot be lost to an earlier registration once a request with its token has succeeded", async () => {
    const lease = new Lease("toolset_not_found");
    await expect(lease.register(failed(0))).rejects.toMatchObject({ status: 0 });
    await lease.register(answered("a"));
    lease.confirm();
    expect(lease.dropIfGone(lost)).toBe(false);
  });
});
