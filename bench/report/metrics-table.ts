import type { Metrics } from "../measure/metrics.ts";
import { figure, type Table } from "./table.ts";

export const metricsTable = ({ fleet, bytes, commands, ms, complaints }: Metrics): Table => ({
  title: "A scrape",
  note: `GET /metrics of ${fleet.toLocaleString("en")} agents, which Prometheus asks for once a minute.`,
  columns: ["KB", "Redis commands", "ms", "promtool check metrics"],
  rows: [[figure(bytes / 1000), figure(commands), figure(ms), complaints === "" ? "sound" : complaints]],
});
