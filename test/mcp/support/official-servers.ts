import { join } from "node:path";
import { fileURLToPath } from "node:url";

const packages = fileURLToPath(new URL("../node_modules", import.meta.url));

/** The command that starts one of the official servers. */
export const official = (name: string, ...args: string[]) => ({
  command: process.execPath,
  args: [join(packages, `@modelcontextprotocol/server-${name}/dist/index.js`), ...args],
  env: {},
});

/** By the tool's name, in an order in which they can be called. */
type Arguments = Record<string, Record<string, unknown>>;

/** Arguments with which each tool of the server "everything" can be called. */
export const EVERYTHING: Arguments = {
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
};

/** Of the server "filesystem", which serves this folder. */
export function filesystem(folder: string): Arguments {
  const file = join(folder, "notes.txt");
  return {
    create_directory: { path: join(folder, "folder") },
    write_file: { path: file, content: "one\ntwo\n" },
    edit_file: { path: file, edits: [{ oldText: "two", newText: "three" }] },
    read_file: { path: file },
    read_text_file: { path: file, head: 1 },
    read_media_file: { path: file },
    read_multiple_files: { paths: [file] },
    get_file_info: { path: file },
    list_directory: { path: folder },
    list_directory_with_sizes: { path: folder },
    directory_tree: { path: folder },
    search_files: { path: folder, pattern: "*.txt" },
    list_allowed_directories: {},
    move_file: { source: file, destination: join(folder, "moved.txt") },
  };
}

const relation = { from: "ann", to: "ben", relationType: "knows" };

/** Of the server "memory". */
export const MEMORY: Arguments = {
  create_entities: {
    entities: ["ann", "ben"].map((name) => ({ name, entityType: "person", observations: ["is here"] })),
  },
  create_relations: { relations: [relation] },
  add_observations: { observations: [{ entityName: "ann", contents: ["is busy"] }] },
  read_graph: {},
  search_nodes: { query: "busy" },
  open_nodes: { names: ["ann"] },
  delete_observations: { deletions: [{ entityName: "ann", observations: ["is busy"] }] },
  delete_relations: { relations: [relation] },
  delete_entities: { entityNames: ["ann", "ben"] },
};

/** Of the server "sequential-thinking". */
export const SEQUENTIAL_THINKING: Arguments = {
  sequentialthinking: { thought: "One.", nextThoughtNeeded: false, thoughtNumber: 1, totalThoughts: 1 },
};
