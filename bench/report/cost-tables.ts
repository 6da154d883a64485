import { type Bill, monthlyBill, USUAL, type Workload } from "../cost.ts";
import { BULK } from "../fleet/operations.ts";
import { PRICES } from "../prices.ts";
import { demandsOf, type Results, socketDemandsOf } from "../results.ts";
import { monthlySocketBill, type SocketBill, SOCKETS } from "../socket-cost.ts";
import { figure, type Table } from "./table.ts";

export const FLEETS = [100, 1_000, 10_000, 100_000, 1_000_000];

const WAYS: [name: string, how: Omit<Workload, "agents">][] = [
  ["each by itself, every 30 s", USUAL],
  [`${BULK} a request, every 30 s`, { ...USUAL, heartbeatsPerRequest: BULK }],
  ["each by itself, every 120 s", { ...USUAL, heartbeatSeconds: 120 }],
  [
    `${BULK} a request, every 120 s, swept every 5 minutes`,
    { ...USUAL, heartbeatSeconds: 120, heartbeatsPerRequest: BULK, sweepMinutes: 5 },
  ],
  ["each by itself, every 30 s, and a discovery an hour", { ...USUAL, discoveriesPerHour: 1 }],
];

const dollars = (amount: number): string => `$${Math.round(amount).toLocaleString("en")}`;

export const costTables = (results: Results): Table[] => [...httpTables(results), socketTable(results)];

/** The bill is computed twice: pings that the platform answers may be free, or messages like others. */
function socketTable(results: Results): Table {
  const demands = socketDemandsOf(results);
  const { pingSeconds, reconnectsADay, sweepMinutes } = SOCKETS;
  return {
    title: "Dollars a month: leases held by sockets",
    note: `Prices of ${PRICES.readAt}. Taken for granted (bench/socket-cost.ts): a ping every ${pingSeconds} s, ${reconnectsADay} reconnects a day and agent, no reports, a sweep every ${sweepMinutes} minutes, a hub for each 10,000 agents that never sleeps. Pings that the platform answers by itself: free, or billed as messages, ${PRICES.objects.messagesPerRequest} a request.`,
    columns: [
      "agents",
      "hubs",
      "Workers, pings free",
      "Workers, pings billed",
      "+ pay as you go",
      "+ fixed plan",
      "plan",
      "commands/s",
      "GB",
    ],
    rows: FLEETS.map((agents) => {
      const [free, billed] = [0, 1].map((billedPings) =>
        monthlySocketBill({ ...SOCKETS, agents, billedPings }, demands, PRICES),
      ) as [SocketBill, SocketBill];
      const { hubs, workers, payAsYouGo, fixed, commandsPerSecond, bandwidthGb } = billed;
      return [
        agents.toLocaleString("en"),
        hubs.toLocaleString("en"),
        dollars(free.workers),
        dollars(workers),
        dollars(workers + payAsYouGo),
        fixed ? dollars(workers + fixed.price) : "–",
        fixed?.name ?? "none is enough",
        figure(commandsPerSecond),
        figure(bandwidthGb),
      ];
    }),
  };
}

function httpTables(results: Results): Table[] {
  const demands = demandsOf(results);
  return WAYS.map(([name, how]) => ({
    title: `Dollars a month: ${name}`,
    note: `Prices of ${PRICES.readAt}. The sweep is in it, every minute unless said otherwise. The fixed plan is the smallest with room and traffic enough. † beyond what one database (${PRICES.commandsPerSecondMax.toLocaleString("en")} commands a second) or one object (${PRICES.objects.requestsPerSecondMax.toLocaleString("en")} requests a second) is good for: take more namespaces.`,
    columns: [
      "agents",
      "Workers",
      "+ pay as you go",
      "+ fixed plan",
      "plan",
      "embedded in all",
      "commands/s",
      "GB",
    ],
    rows: FLEETS.map((agents) => rowOf(agents, monthlyBill({ ...how, agents }, demands, PRICES))),
  }));
}

function rowOf(agents: number, bill: Bill): string[] {
  const { workers, payAsYouGo, fixed, embedded, commandsPerSecond, requestsPerSecond, bandwidthGb } = bill;
  const overRedis = commandsPerSecond > PRICES.commandsPerSecondMax ? " †" : "";
  const overObject = requestsPerSecond > PRICES.objects.requestsPerSecondMax ? " †" : "";
  return [
    agents.toLocaleString("en"),
    dollars(workers),
    dollars(workers + payAsYouGo) + overRedis,
    fixed ? dollars(workers + fixed.price) + overRedis : "–",
    fixed?.name ?? "none is enough",
    dollars(workers + embedded) + overObject,
    Math.round(commandsPerSecond).toLocaleString("en"),
    Math.round(bandwidthGb).toLocaleString("en"),
  ];
}
