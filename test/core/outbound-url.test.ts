import { describe, expect, it } from "vitest";
import { refusedUrl } from "../../src/core/outbound-url.ts";

const ADDRESS = "its host is an address";
const INTERNAL = "its host is an internal name";
const SINGLE = "its host is a single label";
const CREDENTIALS = "it carries credentials";
const NOT_HTTPS = "it is not https";
const PORT = "it names a port other than 443";
const NOT_A_URL = "it is not a URL";

/** What a caller may try, and what is said of it. */
const EVASIONS: [url: string, why: string][] = [
  // addresses, in every notation that the URL parser turns into one
  ["https://127.0.0.1/", ADDRESS],
  ["https://169.254.169.254/latest/meta-data/", ADDRESS],
  ["https://10.0.0.1/", ADDRESS],
  ["https://8.8.8.8/", ADDRESS],
  ["https://0.0.0.0/", ADDRESS],
  ["https://0/", ADDRESS],
  ["https://255.255.255.255/", ADDRESS],
  ["https://2130706433/", ADDRESS],
  ["https://0x7f000001/", ADDRESS],
  ["https://0X7F.1/", ADDRESS],
  ["https://0x7f.0.0.0x1/", ADDRESS],
  ["https://017700000001/", ADDRESS],
  ["https://0177.0.0.01/", ADDRESS],
  ["https://127.1/", ADDRESS],
  ["https://127.0.1/", ADDRESS],
  ["https://127.0.0.1./", ADDRESS],
  ["https://0x7f000001./", ADDRESS],
  ["https://[::1]/", ADDRESS],
  ["https://[::]/", ADDRESS],
  ["https://[0:0:0:0:0:0:0:1]/", ADDRESS],
  ["https://[::ffff:127.0.0.1]/", ADDRESS],
  ["https://[::ffff:7f00:1]/", ADDRESS],
  ["https://[::127.0.0.1]/", ADDRESS],
  ["https://[64:ff9b::7f00:1]/", ADDRESS],
  ["https://[fd00::1]/", ADDRESS],
  ["https://[fe80::1]/", ADDRESS],
  ["https://[2606:4700:4700::1111]/", ADDRESS],
  ["https://１２７.０.０.１/", ADDRESS],
  ["https://①②⑦.⓪.⓪.①/", ADDRESS],
  ["https://127。0。0。1/", ADDRESS],
  ["https://127．0｡0。1/", ADDRESS],
  ["https://%31%32%37.0.0.1/", ADDRESS],
  ["https://127%2e0%2e0%2e1/", ADDRESS],
  // names of somebody's inside
  ["https://localhost/", SINGLE],
  ["https://LOCALHOST/", SINGLE],
  ["https://localhost./", SINGLE],
  ["https://ｌｏｃａｌｈｏｓｔ/", SINGLE],
  ["https://%6cocalhost/", SINGLE],
  ["https://local\u00adhost/", SINGLE],
  ["https://loc\talhost/", SINGLE],
  ["https://loc\nalhost/", SINGLE],
  ["https://metadata/", SINGLE],
  ["https://intranet./", SINGLE],
  ["https://com/", SINGLE],
  ["https://internal/", SINGLE],
  ["https:///localhost/", SINGLE],
  ["https:localhost", SINGLE],
  ["https:\\\\localhost\\", SINGLE],
  ["\u0000 https://localhost/", SINGLE],
  ["https://api.localhost/", INTERNAL],
  ["https://a.b.localhost./", INTERNAL],
  ["https://API.LocalHost/", INTERNAL],
  ["https://printer.local/", INTERNAL],
  ["https://printer.LOCAL./", INTERNAL],
  ["https://printer.local../", INTERNAL],
  ["https://printer。local/", INTERNAL],
  ["https://printer%2Elocal/", INTERNAL],
  ["https://printer.loc\r\nal/", INTERNAL],
  ["https://printer.ｌocal/", INTERNAL],
  ["https://.local/", INTERNAL],
  ["https://metadata.google.internal/", INTERNAL],
  ["https://a.b.c.internal/", INTERNAL],
  ["https://localhost.localdomain/", INTERNAL],
  ["https://nas.home.arpa/", INTERNAL],
  ["https://home.arpa/", INTERNAL],
  // credentials, also those that only look like the host
  ["https://user@example.com/", CREDENTIALS],
  ["https://user:pass@example.com/", CREDENTIALS],
  ["https://:pass@example.com/", CREDENTIALS],
  ["https://example.com@127.0.0.1/", CREDENTIALS],
  ["https://example.com%40evil.example@127.0.0.1/", CREDENTIALS],
  // who is really meant, where slashes lean the other way
  ["https://127.0.0.1\\@example.com/", ADDRESS],
  ["https://127.0.0.1\\.example.com/", ADDRESS],
  ["https://127.0.0.1#@example.com/", ADDRESS],
  ["https://127.0.0.1?@example.com/", ADDRESS],
  // ports and schemes
  ["https://example.com:80/", PORT],
  ["https://example.com:8443/", PORT],
  ["https://example.com:0/", PORT],
  ["https://example.com:22/", PORT],
  ["http://example.com/", NOT_HTTPS],
  ["http://example.com:443/", NOT_HTTPS],
  ["HTTP://EXAMPLE.COM/", NOT_HTTPS],
  ["ftp://example.com/", NOT_HTTPS],
  ["wss://example.com/", NOT_HTTPS],
  ["file:///etc/passwd", NOT_HTTPS],
  ["data:text/plain,ok", NOT_HTTPS],
  ["javascript:alert(1)", NOT_HTTPS],
  ["blob:https://example.com/0", NOT_HTTPS],
  ["view-source:https://example.com/", NOT_HTTPS],
  // nothing that can be fetched
  ["", NOT_A_URL],
  ["example.com", NOT_A_URL],
  ["//example.com/", NOT_A_URL],
  ["https://", NOT_A_URL],
  ["https://exa mple.com/", NOT_A_URL],
  ["https://example.com:99999/", NOT_A_URL],
  ["https://1.2.3.4.5/", NOT_A_URL],
  ["https://256.0.0.1/", NOT_A_URL],
  ["https://example.0x7f/", NOT_A_URL],
  ["https://[::1/", NOT_A_URL],
  ["https://[fe80::1%25eth0]/", NOT_A_URL],
  ["https://%00example.com/", NOT_A_URL],
];

const GOOD = [
  "https://example.com",
  "https://example.com/health?deep=true#now",
  "https://EXAMPLE.com/Health",
  "HTTPS://example.com/",
  "https://example.com:443/health",
  "https://example.com./",
  "https://a.b.c.d.example.co.uk/",
  "https://bücher.example/",
  "https://xn--bcher-kva.example/",
  "https://例え.テスト/",
  "https://1.2.3.4.example.com/",
  "https://127.0.0.1.example.com/",
  "https://123.com/",
  "https://0x7f.example/",
  "https://localhost.example.com/",
  "https://local.example.com/",
  "https://internal.example.com/",
  "https://notlocal.example/",
  "https://example.notlocal/",
  "https://example.notinternal/",
  "https://mylocalhost.example/",
  "https://thelocal.se/",
  "https://example.com/http://127.0.0.1/",
  "https://example.com/@127.0.0.1",
  "https://example.com\\@127.0.0.1/",
  "  https://example.com/\n",
];

describe("a URL that a caller gave", () => {
  it.each(EVASIONS)("may not be fetched if it is %j: %s", (url, why) => {
    expect(refusedUrl(url, false)).toBe(why);
  });

  it.each(GOOD)("may be fetched if it is %j", (url) => {
    expect(refusedUrl(url, false)).toBeUndefined();
    expect(refusedUrl(url, true)).toBeUndefined();
  });

  it.each([
    "http://localhost/",
    "http://localhost:8080/health",
    "https://localhost./",
    "http://LOCALHOST:1/",
    "http://127.0.0.1:9000/",
    "http://127.255.255.254/",
    "http://127.1/",
    "http://0x7f000001:80/",
    "http://[::1]:3000/",
    "https://[0:0:0:0:0:0:0:1]/",
  ])("may be of this machine only where that is allowed: %s", (url) => {
    expect(refusedUrl(url, true)).toBeUndefined();
    expect(refusedUrl(url, false)).toEqual(expect.any(String));
  });

  it.each([
    ["http://example.com/", NOT_HTTPS],
    ["http://10.0.0.1/", NOT_HTTPS],
    ["https://10.0.0.1/", ADDRESS],
    ["https://0.0.0.0/", ADDRESS],
    ["https://128.0.0.1/", ADDRESS],
    ["https://[::ffff:127.0.0.1]/", ADDRESS],
    ["https://[::2]/", ADDRESS],
    ["https://printer.local/", INTERNAL],
    ["https://metadata.google.internal/", INTERNAL],
    ["https://example.com:8443/", PORT],
    ["http://user@localhost/", CREDENTIALS],
    ["ftp://localhost/", NOT_HTTPS],
    ["file://localhost/etc/passwd", NOT_HTTPS],
    ["https://127.0.0.1.example.com:8080/", PORT],
    ["http://127.0.0.1.example.com/", NOT_HTTPS],
    ["http://localhost.example.com/", NOT_HTTPS],
  ])("is judged the same where this machine is allowed: %j: %s", (url, why) => {
    expect(refusedUrl(url, true)).toBe(why);
  });
});
