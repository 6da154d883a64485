import { beyond, databaseBill, SECONDS_A_MONTH } from "../cost.ts";
import { type Dashboard, LOOK_EVERY_MS, type Look } from "../measure/dashboard.ts";
import { PRICES } from "../prices.ts";
import { figure, type Table } from "./table.ts";

/** A browser with an open tab looks as often as this in a month; one whose tabs are all hidden does not. */
const LOOKS_A_MONTH = (SECONDS_A_MONTH * 1000) / LOOK_EVERY_MS;

export function dashboardTable({ fleet, unchanged, changed }: Dashboard): Table {
  return {
    title: "An open dashboard",
    note: `The overview of ${fleet.toLocaleString("en")} agents, open all the time: a browser, however many tabs it has, looks every ${LOOK_EVERY_MS / 1000} s whether anything was told, in a month ${figure(LOOKS_A_MONTH / 1e6)} million times, and reads what it shows if so, or once a minute. A tab that is hidden asks for nothing. Dollars: Upstash as pay as you go for this browser alone, and what its requests and CPU cost beyond what Workers include, were all of that used otherwise.`,
    columns: [
      "a look",
      "commands",
      "billed",
      "KB of Redis",
      "KB of the answer",
      "CPU ms",
      "billed a month, millions",
      "GB of Redis a month",
      "GB of answers a month",
      "Upstash",
      "Workers",
    ],
    rows: [
      ["nothing has changed", ...cells(unchanged)],
      ["something has", ...cells(changed)],
    ],
  };
}

function cells({ commands, billed, bytes, answerBytes, cpuMs }: Look): string[] {
  const upstash = databaseBill(
    { commands: billed * LOOKS_A_MONTH, bytes: bytes * LOOKS_A_MONTH, storedBytes: 0 },
    PRICES,
  );
  const { perMillionRequests, perMillionCpuMs } = PRICES.workers;
  const workers =
    beyond(LOOKS_A_MONTH, 0, perMillionRequests / 1e6) +
    beyond(LOOKS_A_MONTH * cpuMs, 0, perMillionCpuMs / 1e6);
  return [
    figure(commands),
    figure(billed),
    figure(bytes / 1000),
    figure(answerBytes / 1000),
    figure(cpuMs),
    figure((billed * LOOKS_A_MONTH) / 1e6),
    figure((bytes * LOOKS_A_MONTH) / 1e9),
    figure((answerBytes * LOOKS_A_MONTH) / 1e9),
    `$${figure(upstash.payAsYouGo)}`,
    `$${figure(workers)}`,
  ];
}
