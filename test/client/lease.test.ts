import { describe, expect, it } from "vitest";
import { Lease } from "../../src/client/lease.ts";
import { type ErrorCode, RollcallError } from "../../src/client/problem.ts";

const answered = (lease_token: string) => Promise.resolve({ lease_token });
const failed = (status: number, code: ErrorCode = "network") => new RollcallError(code, "", { status });
const held = async () => {
  const lease = new Lease("agent_not_found");
  await lease.register(answered("a"));
  return lease;
};

describe("a lease", () => {
  it("has one key for its whole life, and sends its token along once it has one", async () => {
    const lease = new Lease("agent_not_found");
    const { leaseToken, idempotencyKey } = lease.credentials;
    expect([leaseToken, lease.isHeld]).toEqual([undefined, false]);
    await lease.register(answered("a"));
    expect([lease.credentials, lease.isHeld]).toEqual([{ leaseToken: "a", idempotencyKey }, true]);
    expect(new Lease("agent_not_found").credentials.idempotencyKey).not.toBe(idempotencyKey);
  });

  it("that the registry has lost is registered with its token", async () => {
    const lease = await held();
    expect(lease.after(failed(404, "agent_not_found"))).toBe("register");
    expect([lease.isHeld, lease.token]).toEqual([false, "a"]);
  });

  it("whose token is of the future is registered without it", async () => {
    const lease = await held();
    lease.after(failed(404, "agent_not_found"));
    expect(lease.after(failed(409, "epoch_ahead"))).toBe("register");
    expect(lease.token).toBeUndefined();
  });

  it.each([0, 429, 500, 503])("is kept through a %i", async (status) => {
    const lease = await held();
    expect([lease.after(failed(status)), lease.isHeld]).toEqual(["retry", true]);
  });

  it("that is lost ends, without exception", async () => {
    const lease = new Lease("agent_not_found");
    await expect(lease.register(Promise.reject(failed(0)))).rejects.toMatchObject({ status: 0 });
    expect(lease.after(failed(0))).toBe("retry");
    await lease.register(answered("b"));
    expect(lease.after(failed(409, "lease_lost"))).toBe("stop");
  });

  it("is refused for good when it begins, and not while it is restored", async () => {
    const forbidden = failed(403, "forbidden");
    expect(new Lease("agent_not_found").after(forbidden)).toBe("stop");
    const lease = await held();
    expect(lease.after(forbidden)).toBe("stop");
    lease.after(failed(404, "agent_not_found"));
    expect(lease.after(forbidden)).toBe("retry");
  });
});
