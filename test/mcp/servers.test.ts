import { join } from "node:path";
import { describe, expect, inject, it } from "vitest";
import { connect } from "./support/clients.ts";
import { keyOf } from "./support/keys.ts";

const files = inject("filesFolder");
const file = join(files, "notes.txt");

/** Arguments with which each tool of a server can be called, in an order in which they can. */
const CALLS: Record<string, Record<string, Record<string, unknown>>> = {
  everything: {
    echo: { message: "hello" },
    "get-annotated-message": { messageType: "success", includeImage: true },
    "get-env": {},
    "get-resource-links": { count: 2 },
    "get-resource-reference": { resourceType: "Blob", resourceId: 1 },
    "get-structured-content": { location: "Chicago" },
    "get-sum": { a: 1, b: 2 },
    "get-tiny-image": {},
    "gzip-file-as-resource": {
      name: "a.gz",
      data: "data:text/plain;base64,aGVsbG8=",
      outputType: "resource",
    },
    "toggle-simulated-logging": {},
    "toggle-subscriber-updates": {},
    "trigger-long-running-operation": { duration: 0.1, steps: 1 },
  },
  files: {
    create_directory: { path: join(files, "folder") },
    write_file: { path: file, content: "one\ntwo\n" },
    edit_file: { path: file, edits: [{ oldText: "two", newText: "three" }] },
    read_file: { path: file },
    read_text_file: { path: file, head: 1 },
    read_media_file: { path: file },
    read_multiple_files: { paths: [file] },
    get_file_info: { path: file },
    list_directory: { path: files },
    list_directory_with_sizes: { path: files },
    directory_tree: { path: files },
    search_files: { path: files, pattern: "*.txt" },
    list_allowed_directories: {},
    move_file: { source: file, destination: join(files, "moved.txt") },
  },
};

describe("a bridged server", () => {
  it.each(Object.entries(CALLS))(
    "%s: every tool is listed, and can be called by its name there",
    async (toolset, calls) => {
      await using client = await connect({
        url: new URL("/mcp", inject("keyedUrl")).href,
        key: keyOf("ann"),
      });
      const listed = (await client.tools())
        .map(({ name }) => name)
        .filter((name) => name.startsWith(`${toolset}__`));
      expect(listed.toSorted()).toEqual(
        Object.keys(calls)
          .map((name) => `${toolset}__${name}`)
          .toSorted(),
      );
      for (const [name, args] of Object.entries(calls)) {
        const { isError, content } = await client.call(`${toolset}__${name}`, args);
        expect({ name, isError, content }).toEqual({ name, content });
        expect(content).not.toEqual([]);
      }
    },
  );
});
