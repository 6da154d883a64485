import type { Answers } from "../../client/wire.ts";

/** What the API answers, with the server's own types. */

export type Alerts = Answers["alertList"];
export type Alert = Answers["alert"];
export type History = Answers["statsHistory"];
export type HistoryPoint = History["points"][number];
export type ServiceList = Answers["serviceNames"];
export type AgentEvents = Answers["agentEvents"];
export type EntryEvents = Answers["entryEvents"];
