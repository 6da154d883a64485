import * as shapes from "../answers/index.ts";
import type { Documentation } from "./documentation.ts";

export const LEGACY = {
  legacyList: {
    summary: "List live agents, up to 5,000 (source 2's API)",
    answers: { 200: { description: "All, or the first 5,000 and truncated", body: shapes.legacyList } },
  },
  legacyListByType: {
    summary: "List live agents of a type, up to 5,000 (source 2's API)",
    answers: { 200: { description: "All, or the first 5,000 and truncated", body: shapes.legacyList } },
  },
  legacyGet: {
    summary: "Read one agent (source 2's API)",
    answers: { 200: { description: "The agent", body: shapes.legacyAgent } },
  },
  legacyRegister: {
    summary: "Register under a new id (source 2's API)",
    answers: { 201: { description: "Registered", body: shapes.legacyRegistered } },
  },
  legacyHeartbeat: {
    summary: "Call in (source 2's API)",
    answers: { 200: { description: "Heard", body: shapes.legacyReceived } },
  },
  legacyUnregister: {
    summary: "Unregister; an id that nobody has is fine (source 2's API)",
    answers: { 200: { description: "Gone", body: shapes.legacyMessage } },
  },
} as const satisfies Documentation;
