import { describe, expect, it } from "vitest";
import type { Open } from "./opened.ts";

export function managesKeys(open: Open): void {
  describe("a key", () => {
    it("is made, listed, rotated and revoked; its secret alone goes to standard output, once", async () => {
      const { rollcall, client } = open();
      const made = await rollcall(["keys", "create", "ci", "--scope", "read", "--expires", "12h"]);
      const secret = made.out.trim();
      expect([made.code, made.out]).toEqual([0, `${secret}\n`]);
      expect(secret).toMatch(/^rck_[\w-]+$/);
      const [key] = (await client.keys.list()).keys;
      const [id, expires_at] = [key!.id!, key!.expires_at!];
      expect(made.err).toBe(
        `This secret is shown once. It is of key ${id} (ci), which lasts until ${expires_at}.\n`,
      );
      const hours = (Date.parse(expires_at) - Date.now()) / 3_600_000;
      expect(hours).toBeGreaterThan(11.9);
      expect(hours).toBeLessThanOrEqual(12);
      expect((await rollcall(["keys", "create", "ci", "--scope", "read"])).err).toContain("of this name");

      const rotated = await rollcall(["keys", "rotate", id, "--overlap", "60"]);
      expect(rotated.out).toMatch(/^rck_[\w-]+\n$/);
      expect(rotated.out).not.toBe(made.out);
      const listed = (await rollcall(["keys", "list"])).out;
      expect(listed).toMatch(/^ID +NAME +SCOPES +MADE BY +EXPIRES +LAST USED\n/);
      expect(listed).toContain("\n2 keys\n");
      expect(listed).not.toContain(secret);

      expect(await rollcall(["keys", "revoke", id])).toEqual({ code: 0, out: `${id} is revoked\n`, err: "" });
      expect((await rollcall(["keys", "list"])).out).toContain("\n1 key\n");
    });

    it("is told what it is taken for", async () => {
      const { rollcall, env } = open();
      const { out } = await rollcall(["whoami"]);
      expect(out).toMatch(/^name +nobody in particular: the access is open\nscopes +read write admin\n/);
      expect(out).toContain(`namespace  ${env["ROLLCALL_NAMESPACE"]}\n`);
    });
  });
}
