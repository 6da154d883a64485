import type { Pages } from "../measure/pages.ts";
import { figure, type Table } from "./table.ts";

export const pagesTable = ({ fleet, shown, outageMs }: Pages): Table => ({
  title: "Pages of a large fleet",
  note: `The dashboard of ${fleet.toLocaleString("en")} agents in Chromium, from an empty tab until it says what the API says. An outage: half of the agents have lost their leases, and a sweep has found it.`,
  columns: ["page", "ms", "requests", "KB of answers"],
  rows: [
    ...shown.map(({ path, ms, requests, bytes }) => [
      path,
      figure(ms),
      figure(requests),
      figure(bytes / 1000),
    ]),
    ["/ in an outage", figure(outageMs), "–", "–"],
  ],
});
