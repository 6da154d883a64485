import { describe, expect, it } from "vitest";
import { Problem } from "../../../src/core/problem.ts";
import { checkPartially, toolsetInput } from "../../../src/core/toolsets/toolset.ts";
import { ECHO } from "../../support/toolsets.ts";

describe("what a toolset may say", () => {
  const said = { name: "tools", tools: [ECHO] };
  const placesOf = (input: unknown) =>
    toolsetInput.safeParse(input).error?.issues.map(({ path }) => path.join("/"));

  it("is completed with what goes without saying", () => {
    expect(toolsetInput.parse(said)).toStrictEqual({
      name: "tools",
      description: "",
      version: "1.0.0",
      tags: [],
      tools: [{ ...ECHO, description: "", tags: [] }],
    });
  });

  it.each(["1.0.0", "v1.2.3", "0.0.0", "10.20.30-rc.1", "1.2.3-A.b.3", "1.2.3-..", "01.2.3"])(
    "may be version %j",
    (version) => {
      expect(placesOf({ ...said, version })).toBeUndefined();
    },
  );

  it.each([
    "",
    "1",
    "1.2",
    "1.2.3.4",
    "1.2.3-",
    "1.2.3+build",
    "1.2.3-a_b",
    "V1.2.3",
    " 1.2.3",
    "1.2.3\n",
    "vv1.2.3",
  ])("may not be version %j", (version) => {
    expect(placesOf({ ...said, version })).toEqual(["version"]);
  });

  it("names no two tools alike, and says which is the second", () => {
    const tools = [ECHO, { ...ECHO, name: "other" }, ECHO, { ...ECHO, name: "Echo" }, ECHO];
    expect(placesOf({ ...said, tools })).toEqual(["tools/2/name", "tools/4/name"]);
  });

  it.each(["search", "__proto__", "_a", "/a", ".", "", "a b", "a".repeat(257)])(
    "may not be called %j",
    (name) => {
      expect(placesOf({ ...said, name })).toEqual(["name"]);
    },
  );

  it.each(["Search", "search2", "constructor", "toString", "a/b:c@d", "a".repeat(256)])(
    "may be called %j",
    (name) => {
      expect(placesOf({ ...said, name })).toBeUndefined();
    },
  );
});

describe("a toolset checked in part", () => {
  const refusedIn = (tools: unknown[]) => {
    const checked = checkPartially({ name: "tools", tools });
    if (checked instanceof Problem) return checked.options.errors;
    return checked.tools.map((tool) => {
      if (!("problem" in tool)) return tool.name;
      return [tool.name, ...(tool.problem.options.errors ?? []).map(({ pointer }) => pointer)];
    });
  };

  it("has its sound tools, and says of each other what is wrong with it", () => {
    const { payload_schema } = ECHO;
    const tools = [
      ECHO,
      { name: "a/b", payload_schema },
      1,
      { name: "none" },
      ECHO,
      { ...ECHO, name: "last" },
    ];
    expect(refusedIn(tools)).toEqual([
      "echo",
      ["a/b", "/name"],
      [null, ""],
      ["none", "/payload_schema"],
      ["echo", "/name"],
      "last",
    ]);
  });

  it("is refused whole for what is wrong with itself", () => {
    expect(refusedIn([])).toMatchObject([{ pointer: "/tools" }]);
    expect(checkPartially({ name: "search", tools: [ECHO] })).toBeInstanceOf(Problem);
  });
});
