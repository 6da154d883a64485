import { monthlyBill, USUAL } from "../cost.ts";
import { median } from "../load/statistics.ts";
import { middle } from "../measure/fleets.ts";
import { PRICES } from "../prices.ts";
import { demandsOf, type Results } from "../results.ts";
import { FLEETS } from "./cost-tables.ts";
import type { Plot, Series } from "./plot.ts";

/** One plot per operation, and one each for the sweep and the bill; by file name. */
export function plotsOf(results: Results): Map<string, Plot> {
  const { fleets, embedded, "fetch-each": fetchEach, sweep: sweeps } = results;
  const plots = new Map<string, Plot>();
  for (const operation of new Set(fleets.map((row) => row.operation))) {
    const onRedis = fleets.filter((row) => row.operation === operation);
    const inObject = embedded.rows.filter((row) => row.operation === operation);
    const series: Series[] = [
      { name: "Redis, p50", points: onRedis.map((row) => [row.fleet, middle(row.alone, "p50")]) },
      { name: "Redis, p99", points: onRedis.map((row) => [row.fleet, middle(row.alone, "p99")]) },
      { name: "embedded, p50", points: inObject.map((row) => [row.fleet, middle(row.alone, "p50")]) },
    ];
    if (operation === "discover") {
      series.push(
        { name: "a GET per agent", points: fetchEach.map((each) => [each.fleet, median(each.oneByOne)]) },
        {
          name: "the same, pipelined",
          points: fetchEach.map((each) => [each.fleet, median(each.pipelined)]),
        },
      );
    }
    plots.set(fileOf(operation), {
      title: `${operation}, one caller alone`,
      xLabel: "agents in the fleet",
      yLabel: "ms",
      series,
    });
  }
  plots.set("sweep", {
    title: `sweep of ${sweeps[0]!.agents.toLocaleString("en")} agents`,
    xLabel: "changes found",
    yLabel: "seconds",
    series: [
      // A logarithmic axis has no zero.
      { name: "Worker CPU", points: sweeps.map((sweep) => [Math.max(1, sweep.changed), sweep.cpuMs / 1000]) },
      { name: "took", points: sweeps.map((sweep) => [Math.max(1, sweep.changed), sweep.durationMs / 1000]) },
    ],
  });
  plots.set("cost", costPlot(results));
  return plots;
}

function costPlot(results: Results): Plot {
  const demands = demandsOf(results);
  const bills = FLEETS.map((agents) => {
    return { agents, bill: monthlyBill({ agents, ...USUAL }, demands, PRICES) };
  });
  return {
    title: "Dollars a month, heartbeats every 30 s",
    xLabel: "agents",
    yLabel: "$ a month",
    series: [
      {
        name: "Redis, pay as you go",
        points: bills.map(({ agents, bill }) => [agents, bill.workers + bill.payAsYouGo]),
      },
      {
        name: "Redis, fixed plan",
        points: bills.flatMap(({ agents, bill }): [number, number][] =>
          bill.fixed ? [[agents, bill.workers + bill.fixed.price]] : [],
        ),
      },
      { name: "embedded", points: bills.map(({ agents, bill }) => [agents, bill.workers + bill.embedded]) },
    ],
  };
}

export const fileOf = (name: string): string => name.toLowerCase().replaceAll(/[^a-z0-9]+/g, "-");
