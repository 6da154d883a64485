import type { Entry } from "../core/entry.ts";
import { VERSION } from "../core/version.ts";
import { type Json, VERSIONS } from "./protocol.ts";

/** Server cards (SEP-2127) say where an MCP server is and what a request to it needs. They name no tools. */
const SCHEMA = "https://static.modelcontextprotocol.io/schemas/v1/server-card.schema.json";
/** The part of a card's name that is a domain turned round. */
const DOMAIN = "example.rollcall";
const DESCRIPTION_CHARS_MAX = 4096;

interface Address {
  /** The server's own URL. */
  url: string;
  needsKey: boolean;
}

/** Of the server that has the tools of all toolsets. */
export const serverCard = (address: Address): Json => ({
  $schema: SCHEMA,
  name: `${DOMAIN}/registry`,
  title: "Rollcall",
  version: VERSION,
  description: "The tools of every toolset that is registered here, with live health.",
  remotes: [remote(address)],
});

/** Of the server that has the tools of one toolset. */
export function toolsetCard({ document }: Entry<"toolset">, address: Address): Json {
  const { id, version, description } = document.registration;
  return {
    $schema: SCHEMA,
    name: `${DOMAIN}/${id.replaceAll(/[^a-zA-Z0-9._-]/g, "_")}`,
    title: id,
    version: version.replace(/^v/, ""),
    description: description.slice(0, DESCRIPTION_CHARS_MAX) || `The tools of ${id}.`,
    remotes: [remote(address)],
  };
}

const remote = ({ url, needsKey }: Address): Json => ({
  type: "streamable-http",
  url,
  supportedProtocolVersions: VERSIONS,
  ...(needsKey && {
    headers: [
      {
        name: "Authorization",
        description: "An API key of this deployment.",
        isRequired: true,
        isSecret: true,
        value: "Bearer {key}",
        variables: { key: { description: "The API key.", isRequired: true, isSecret: true } },
      },
    ],
  }),
});
