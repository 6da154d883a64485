/**
 * An MCP server over stdio with the tools that the official conformance suite looks for by name, and a few more for our
 * own tests: the suite cannot see whether a cancellation arrives, or what becomes of a server that dies.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { randomBytes } from "node:crypto";
import {
  acceptedContent,
  createRequestStateCodec,
  inputRequired,
  inputResponse,
  MissingRequiredClientCapabilityError,
  Server,
} from "@modelcontextprotocol/server";
import { serveStdio } from "@modelcontextprotocol/server/stdio";

/** One red pixel. */
const PNG =
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8DwHwAFBQIAX8jx0gAAAABJRU5ErkJggg==";
/** A wave file without a sample. */
const WAV = "UklGRiQAAABXQVZFZm10IBAAAAABAAEAQB8AAIA+AAACABAAZGF0YQAAAAA=";
const PROGRESS_INTERVAL_MS = 50;
const WAIT_INTERVAL_MS = 100;

const text = (words) => ({ type: "text", text: words });
const image = { type: "image", data: PNG, mimeType: "image/png" };
const nothing = { type: "object", properties: {} };

const named = { type: "object", properties: { id: { type: "string" } }, required: ["id"] };

const states = createRequestStateCodec({ key: randomBytes(32) });
const form = (message, ...fields) =>
  inputRequired.elicit({
    message,
    requestedSchema: {
      type: "object",
      properties: Object.fromEntries(fields.map((field) => [field, { type: "string" }])),
      required: fields,
    },
  });
const sampling = (words, maxTokens) =>
  inputRequired.createMessage({ messages: [{ role: "user", content: text(words) }], maxTokens });

/** Asks until there is an answer to each of the questions, then says the answers. */
const asking = (inputRequests, { said = "answered", isStateful = false } = {}) =>
  async function ask(_, { mcpReq: { inputResponses, requestState } }) {
    const answers = Object.keys(inputRequests).map((name) => inputResponse(inputResponses, name));
    if (answers.some(({ kind }) => kind === "missing")) {
      return inputRequired({
        inputRequests,
        ...(isStateful && { requestState: await states.mint("asked") }),
      });
    }
    const isKnown = !isStateful || requestState() === "asked";
    return { content: [text(`${isKnown ? said : "state unknown"}: ${JSON.stringify(answers)}`)] };
  };

/** All texts that were given, in order. */
const echoed = [];
/** Calls that wait or have waited, by the id that their caller has given them. */
const waiting = new Map();

/** @type {Record<string, { description: string, inputSchema?: object, outputSchema?: object, call: Function }>} */
const TOOLS = {
  test_simple_text: {
    description: "Returns a text.",
    call: () => ({ content: [text("This is a simple text response for testing.")] }),
  },
  test_image_content: {
    description: "Returns an image.",
    call: () => ({ content: [image] }),
  },
  test_audio_content: {
    description: "Returns a sound.",
    call: () => ({ content: [{ type: "audio", data: WAV, mimeType: "audio/wav" }] }),
  },
  test_embedded_resource: {
    description: "Returns a resource.",
    call: () => ({
      content: [
        {
          type: "resource",
          resource: {
            uri: "test://embedded-resource",
            mimeType: "text/plain",
            text: "This is an embedded resource content.",
          },
        },
      ],
    }),
  },
  test_multiple_content_types: {
    description: "Returns a text, an image and a resource.",
    call: () => ({
      content: [
        text("Multiple content types test:"),
        image,
        {
          type: "resource",
          resource: {
            uri: "test://mixed-content-resource",
            mimeType: "application/json",
            text: '{"test":"data","value":123}',
          },
        },
      ],
    }),
  },
  test_error_handling: {
    description: "Fails.",
    call: () => ({
      isError: true,
      content: [text("This tool intentionally returns an error for testing")],
    }),
  },
  test_tool_with_progress: {
    description: "Reports its progress where the caller asks for it.",
    async call(_, { mcpReq }) {
      for (const progress of [0, 50, 100]) {
        await report(mcpReq, progress);
        if (progress < 100) await sleep(PROGRESS_INTERVAL_MS);
      }
      return { content: [text("done")] };
    },
  },
  test_streaming_elicitation: {
    description: "Says something on its stream before it answers.",
    async call(_, { mcpReq }) {
      await report(mcpReq, 50);
      return { content: [text("nothing to ask")] };
    },
  },
  test_logging_tool: {
    description: "Logs, to those who asked for it.",
    async call(_, { mcpReq }) {
      await mcpReq.log("info", "Tool execution started");
      return { content: [text("logged")] };
    },
  },
  test_missing_capability: {
    description: "Needs a client that samples.",
    call() {
      throw new MissingRequiredClientCapabilityError({ requiredCapabilities: { sampling: {} } });
    },
  },
  test_input_required_result_elicitation: {
    description: "Asks for a name.",
    call: asking({ user_name: form("What is your name?", "name") }),
  },
  test_input_required_result_sampling: {
    description: "Asks for a sample.",
    call: asking({ capital_question: sampling("What is the capital of France?", 100) }),
  },
  test_input_required_result_list_roots: {
    description: "Asks for the roots.",
    call: asking({ client_roots: inputRequired.listRoots() }),
  },
  test_input_required_result_request_state: {
    description: "Asks, and gives a state that comes back with the answer.",
    call: asking({ confirm: form("Please confirm", "ok") }, { said: "state-ok", isStateful: true }),
  },
  test_input_required_result_tampered_state: {
    description: "The same.",
    call: asking({ confirm: form("Please confirm", "ok") }, { isStateful: true }),
  },
  test_input_required_result_multiple_inputs: {
    description: "Asks for three things at once.",
    call: asking(
      {
        user_name: form("What is your name?", "name"),
        greeting: sampling("Generate a greeting", 50),
        client_roots: inputRequired.listRoots(),
      },
      { isStateful: true },
    ),
  },
  test_input_required_result_multi_round: {
    description: "Asks twice.",
    async call(_, { mcpReq: { requestState } }) {
      const round = requestState() ?? 0;
      if (round === 2) return { content: [text("asked twice")] };
      const questions = [
        { step1: form("Step 1: What is your name?", "name") },
        { step2: form("Step 2: What is your favorite color?", "color") },
      ];
      return inputRequired({ inputRequests: questions[round], requestState: await states.mint(round + 1) });
    },
  },
  test_input_required_result_capabilities: {
    description: "Asks only what the client can answer.",
    call(given, context) {
      const capabilities = context.mcpReq.envelope["io.modelcontextprotocol/clientCapabilities"];
      const questions = {
        ...(capabilities.elicitation && { user_name: form("What is your name?", "name") }),
        ...(capabilities.sampling && { greeting: sampling("Generate a greeting", 50) }),
      };
      return asking(questions)(given, context);
    },
  },
  json_schema_2020_12_tool: {
    description: "Tool with JSON Schema 2020-12 features",
    inputSchema: {
      $schema: "https://json-schema.org/draft/2020-12/schema",
      type: "object",
      $defs: {
        address: {
          $anchor: "addressDef",
          type: "object",
          properties: { street: { type: "string" }, city: { type: "string" } },
        },
      },
      properties: {
        name: { type: "string" },
        address: { $ref: "#/$defs/address" },
        contactMethod: { type: "string", enum: ["phone", "email"] },
        phone: { type: "string" },
        email: { type: "string" },
      },
      allOf: [{ anyOf: [{ required: ["phone"] }, { required: ["email"] }] }],
      if: { properties: { contactMethod: { const: "phone" } }, required: ["contactMethod"] },
      // oxlint-disable-next-line unicorn/no-thenable -- a keyword of JSON Schema, and nobody awaits a schema
      then: { required: ["phone"] },
      else: { required: ["email"] },
      additionalProperties: false,
    },
    call: (given) => ({ content: [text(JSON.stringify(given))] }),
  },
  test_x_mcp_header: {
    description: "Takes what intermediaries may read in a header.",
    inputSchema: {
      type: "object",
      properties: {
        region: { type: "string", "x-mcp-header": "Region" },
        limit: { type: "integer", "x-mcp-header": "Limit" },
      },
      required: ["region"],
    },
    call: ({ region }) => ({ content: [text(region)] }),
  },

  echo: {
    description: "Returns what it was given, as a value and as text.",
    inputSchema: { type: "object", properties: { text: { type: "string" } }, required: ["text"] },
    outputSchema: { type: "object", properties: { text: { type: "string" } }, required: ["text"] },
    call(given) {
      echoed.push(given.text);
      return { content: [text(JSON.stringify(given))], structuredContent: given };
    },
  },
  echoed: {
    description: "Returns what echo was given, of that what begins like this.",
    inputSchema: { type: "object", properties: { start: { type: "string" } }, required: ["start"] },
    call: ({ start }) => ({
      content: [],
      structuredContent: { texts: echoed.filter((given) => given.startsWith(start)) },
    }),
  },
  ask: {
    description: "Asks for a name, and returns it as a value.",
    outputSchema: { type: "object", properties: { name: { type: "string" } }, required: ["name"] },
    call(_, { mcpReq: { inputResponses } }) {
      const given = acceptedContent(inputResponses, "user_name");
      return given
        ? { content: [], structuredContent: given }
        : inputRequired({ inputRequests: { user_name: form("What is your name?", "name") } });
    },
  },
  wait: {
    description: "Reports its progress ten times a second until it is cancelled, or told to go on.",
    inputSchema: named,
    async call({ id }, { mcpReq }) {
      const state = { progress: 0, cancelled: false, told: false };
      waiting.set(id, state);
      const { signal } = mcpReq;
      while (!signal.aborted && !state.told) {
        state.progress += 1;
        await report(mcpReq, state.progress);
        await sleep(WAIT_INTERVAL_MS, undefined, { signal }).catch(() => undefined);
      }
      state.cancelled = signal.aborted;
      return { content: [text("told to go on")] };
    },
  },
  waiting: {
    description: "Says how far a waiting call is, and whether it was cancelled.",
    inputSchema: named,
    call: ({ id }) => ({ content: [], structuredContent: waiting.get(id) ?? {} }),
  },
  go_on: {
    description: "Ends a waiting call.",
    inputSchema: named,
    call({ id }) {
      waiting.get(id).told = true;
      return { content: [] };
    },
  },
  die: {
    description: "Ends the server in the middle of the call.",
    call: () => process.exit(1),
  },
};

function report({ _meta, notify }, progress) {
  const progressToken = _meta?.progressToken;
  if (progressToken === undefined) return undefined;
  return notify({ method: "notifications/progress", params: { progressToken, progress, total: 100 } });
}

serveStdio(() => {
  const server = new Server(
    { name: "conformance-server", version: "1.0.0" },
    {
      capabilities: { tools: {}, logging: {} },
      requestState: { verify: (given, context) => states.verify(given, context) },
    },
  );
  server.setRequestHandler("tools/list", () => ({
    tools: Object.entries(TOOLS).map(([name, { description, inputSchema = nothing, outputSchema }]) => ({
      name,
      description,
      inputSchema,
      ...(outputSchema && { outputSchema }),
    })),
  }));
  server.setRequestHandler("tools/call", ({ params: { name, arguments: given = {} } }, context) =>
    TOOLS[name].call(given, context),
  );
  return server;
});
