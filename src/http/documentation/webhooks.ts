import * as shapes from "../answers/index.ts";
import type { Documentation } from "./documentation.ts";

export const WEBHOOKS = {
  subscribe: {
    summary:
      "Have the events that are told from now on sent to a URL; a secret that is made is in this answer alone",
    answers: { 201: { description: "The subscription, with its secret", body: shapes.signedSubscription } },
  },
  listSubscriptions: {
    summary: "Subscriptions of the namespace, and how their deliveries go",
    answers: { 200: { description: "Those that ended too, oldest first", body: shapes.subscriptionList } },
  },
  getSubscription: {
    summary: "One subscription, and how its deliveries go",
    answers: { 200: { description: "The subscription", body: shapes.subscription } },
  },
  unsubscribe: {
    summary: "End a subscription; what waits for it is forgotten",
    answers: { 204: { description: "Ended" } },
  },
  rotateSubscription: {
    summary: "Sign with another secret, and for overlap_seconds more with the one before too",
    answers: { 200: { description: "The subscription, with its secret", body: shapes.signedSubscription } },
  },
  testSubscription: {
    summary: "Send a message of type test now; if it is delivered, what waits is sent at once too",
    answers: { 200: { description: "What came of it", body: shapes.testDelivery } },
  },
} as const satisfies Documentation;
