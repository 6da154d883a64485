import * as fc from "fast-check";
import { BODY_BYTES_MAX } from "../../src/http/frame/json.ts";
import type { Json } from "./json-schema.ts";

/** What is put where something else belongs. Each has broken some service somewhere. */
export const VALUES: Json[] = [
  [null, true, -1, 0, -0, 0.5, 1e308, 2 ** 53],
  ["", " ", "x", "-1", "NaN", "null", "__proto__", "constructor", "../..", "%2e", "' OR 1=1 --"],
  ["\0", "a\u0000b", "a\x1fb", "\r\nX: y", "\ud800", "\u2028", "\u202e", "ä".repeat(300), "x".repeat(5000)],
  ["javascript:alert(1)", "http://", "https://[::1", "file:///etc/passwd"],
  [[], {}, [[]], [{}], [null], { a: null }, Array.from({ length: 501 }, () => "x")],
  [
    JSON.parse('{"__proto__":{"polluted":true}}') as Json,
    JSON.parse("[".repeat(40) + "]".repeat(40)) as Json,
  ],
].flat();

export const KEYS = [
  [
    "unknown",
    "__proto__",
    "constructor",
    "prototype",
    "toString",
    "",
    "a/b~c",
    "Name",
    "\0",
    "x".repeat(300),
  ],
].flat();

export const IDS = [
  [
    "%",
    "%zz",
    "%00",
    "%ff",
    "%E0%A4%A",
    "%2F",
    "%2e%2e",
    "..%2f..",
    "%20",
    "%0d%0a",
    "é",
    "-a",
    "_",
    "a%1fb",
  ],
  [
    "a".repeat(257),
    "%61".repeat(300),
    "nobody",
    "__proto__",
    "constructor",
    "*",
    "a b",
    "a%00",
    "%F0%9F%92%A9",
  ],
].flat();

export const PARAMETERS = [
  ["", " ", "-1", "0", "1e3", "0x10", "1.5.2", "NaN", "Infinity", "٣", "1".repeat(400), "201", "true,false"],
  ["%", "%ff", "%00", "[]", "!!!", "====", "Li4v", "YQ==", "AAAA", "a".repeat(10_000), "__proto__", "null"],
].flat();
export const UNKNOWN_PARAMETERS = ["unknown", "__proto__", "constructor", "limit[]", "LIMIT", "", "\0"];

export const METHODS = ["PUT", "PATCH", "DELETE", "POST", "OPTIONS", "PROPFIND", "GET"];
export const PATHS = [
  ["/", "//", "/v1", "/v1/", "/v1/agents/", "/v1/agents//drain", "/V1/agents", "/v2/agents", "/.env"],
  ["/agents/type/", "/agents/a/b/c", "/v1/agents/a/heartbeat/", "/openapi.json/", "/health/x"],
].flat();

export const HEADERS = {
  "Lease-Token": [
    [
      "",
      "x",
      "..",
      "300.30.",
      "300.30.AAAAAAAAAAAAAAAAAAAAAA",
      "-1.-1.x",
      "9e99.0.x",
      "NaN.NaN.x",
      "1.2.3.4",
    ],
    ["a".repeat(10_000)],
  ].flat(),
  "Content-Type": [
    [
      "text/plain",
      "text/json",
      "application/x-www-form-urlencoded",
      "multipart/form-data; boundary=x",
      "*/*",
    ],
    ["application/jsonp", "application/xml", "application/octet-stream", "json", ""],
  ].flat(),
  "Rollcall-Namespace": ["", "UPPER", "a b", "../x", "a".repeat(64)],
  Origin: ["https://evil.example", "null", "not a url"],
};

/** Something done to the text of a body on its way out. */
export interface Rewrite {
  name: string;
  apply: (text: string) => string | Uint8Array;
}

const each = (names: string[], apply: (name: string, text: string) => string): fc.Arbitrary<Rewrite> =>
  fc.constantFrom(...names).map((name) => ({ name, apply: (text) => apply(name, text) }));

/** Bytes that no UTF-8 text has: a stray byte, an overlong form, a surrogate, and a sequence cut short. */
const NOT_UTF8 = [[0xff], [0xc0, 0x80], [0xed, 0xa0, 0x80], [0xf0, 0x9f]];

export const aRewrite: fc.Arbitrary<Rewrite> = fc.oneof(
  fc.nat({ max: 200 }).map((end) => ({ name: `cut at ${end}`, apply: (text: string) => text.slice(0, end) })),
  each(["}", "]", ",", "\0", "//", "{}", '"'], (tail, text) => text + tail),
  each(["\ufeff", "[", "(", "'"], (head, text) => head + text),
  each(
    ["", " ", "null", "[]", '""', "0", "NaN", "undefined", "{a:1}", "{'a':1}", '{"a":1,}', "[1e400]"],
    (whole) => whole,
  ),
  each(["1e400", "-1e400", "1E+", "0x1", "01", "1.", "-0", "9".repeat(400)], (number, text) =>
    text.replace(/\d+(\.\d+)?/, number),
  ),
  each(["name", "id", "heartbeats", "status", "__proto__"], (key, text) =>
    text.replace("{", `{"${key}":{},"${key}":[],`),
  ),
  each(["\\ud800", "\\u0000", "\\udc00\\ud800", "\\x41", "\n"], (escape, text) =>
    text.replace(/":"/, `":"${escape}`),
  ),
  fc.tuple(fc.constantFrom(...NOT_UTF8), fc.nat({ max: 40 })).map(([bytes, at]) => ({
    name: `not UTF-8 at ${at}`,
    apply: (text: string) =>
      Uint8Array.from(Array.from(new TextEncoder().encode(text)).toSpliced(at, 0, ...bytes)),
  })),
);

/** Dear to send, so sent seldom. */
export const aHeavyRewrite: fc.Arbitrary<Rewrite> = fc.constantFrom(
  { name: "100,000 lists", apply: () => "[".repeat(100_000) + "]".repeat(100_000) },
  { name: "15,000 objects", apply: () => '{"metadata":'.repeat(15_000) + "1" + "}".repeat(15_000) },
  { name: "a byte too many", apply: (text: string) => text.padEnd(BODY_BYTES_MAX + 1) },
  { name: "a long string", apply: () => JSON.stringify({ name: "x".repeat(200_000), type: "x" }) },
);
