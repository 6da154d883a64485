import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { agentMain } from "../../src/dashboard/agent.ts";
import { type Html, html } from "../../src/dashboard/html.ts";
import { overview } from "../../src/dashboard/overview.ts";
import { keyPage, page, refusalPage } from "../../src/dashboard/page.ts";
import { agentWith, overviewWith } from "./views.ts";

/** Every element that a browser would make of the markup, with the names of its attributes, in order. */
async function elementsOf(markup: Html): Promise<string[]> {
  const elements: string[] = [];
  const rewriter = new HTMLRewriter().on("*", {
    element(element) {
      const names = Array.from(element.attributes, ([name]) => name);
      elements.push([element.tagName, ...names].join(" "));
    },
    comments() {
      elements.push("a comment");
    },
  });
  await rewriter.transform(new Response(markup.toString())).text();
  return elements;
}

const PAGES: [name: string, render: (text: string) => Html][] = [
  ["the overview", (text) => page({ title: text, asOf: text, main: overview(overviewWith(text)) })],
  ["an agent's page", (text) => page({ title: text, asOf: text, main: agentMain(agentWith(text)) })],
  ["the page of an agent that is gone", (text) => agentMain({ ...agentWith(text), agent: null })],
  ["a refusal", (text) => refusalPage(text, text)],
  ["the form for a key", (text) => keyPage(text)],
];

const HOSTILE = [
  "<img src=x onerror=alert(1)>",
  "</title><script>alert(1)</script>",
  `" onmouseover="alert(1)`,
  "' autofocus onfocus='alert(1)",
  "</textarea></pre></style><svg/onload=alert(1)>",
  "<!--",
  "javascript:alert(1)",
  "&lt;b&gt;",
];

const anyText = fc.oneof(
  fc.constantFrom(...HOSTILE),
  fc.string({ unit: "grapheme", minLength: 1 }),
  fc
    .array(fc.constantFrom("<", ">", '"', "'", "&", "=", "/", "-", "!", "a", " ", "`"), { minLength: 1 })
    .map((all) => all.join("")),
);

describe.each(PAGES)("any text in %s", (_, render) => {
  it("makes no element and no attribute", async () => {
    const plain = await elementsOf(render("plain"));
    await fc.assert(
      fc.asyncProperty(anyText, async (text) => {
        expect(await elementsOf(render(text))).toEqual(plain);
      }),
      { examples: HOSTILE.map((text): [string] => [text]) },
    );
  });

  it("makes no address that runs as a script or leaves the origin", () => {
    const markup = render("javascript:alert(1)").toString();
    const addresses = [...markup.matchAll(/(?:href|src|action)="([^"]*)"/g)].map(([, address]) => address!);
    expect(addresses.filter((address) => !/^(?:\/(?!\/)|#)/.test(address))).toEqual([]);
  });
});

describe("a template", () => {
  it("quotes every attribute with a value, which escaping relies on", () => {
    for (const [, render] of PAGES) expect(render("plain").toString()).not.toMatch(/\s[\w-]+=plain/);
  });

  it("shows a text as it was written, one that looks escaped too", () => {
    expect(html`${"&lt;b> 'a' \"b\""}`.toString()).toBe("&amp;lt;b&gt; &#39;a&#39; &quot;b&quot;");
  });

  it("shows numbers, joins lists, and leaves out what is absent", () => {
    expect(html`${0}-${[1, html`<b>${"<"}</b>`]}-${null}${undefined}${false}`.toString()).toBe(
      "0-1<b>&lt;</b>-",
    );
  });
});
