/** Unit prices, in US dollars; a month has 30 days. Change them here when the vendors do. */
export interface Prices {
  readAt: string;
  sources: readonly string[];
  workers: {
    base: number;
    requestsIncluded: number;
    perMillionRequests: number;
    cpuMsIncluded: number;
    perMillionCpuMs: number;
  };
  objects: {
    requestsIncluded: number;
    perMillionRequests: number;
    /** Messages that come in on WebSockets, which are billed as one request. */
    messagesPerRequest: number;
    gbSecondsIncluded: number;
    perMillionGbSeconds: number;
    rowsReadIncluded: number;
    perMillionRowsRead: number;
    rowsWrittenIncluded: number;
    perMillionRowsWritten: number;
    /** How much one object can take, as the platform documents it. */
    requestsPerSecondMax: number;
  };
  payAsYouGo: {
    perHundredThousandCommands: number;
    gbIncluded: number;
    perGb: number;
    bandwidthGbIncluded: number;
    perBandwidthGb: number;
  };
  /** Flat by size and monthly traffic; commands are not counted. */
  fixed: readonly { name: string; price: number; gb: number; bandwidthGb: number }[];
  /** Of one Upstash database, pay-as-you-go and fixed alike. */
  commandsPerSecondMax: number;
}

export const PRICES: Prices = {
  readAt: "2026-11-21",
  sources: [
    "https://developers.cloudflare.com/workers/platform/pricing/",
    "https://developers.cloudflare.com/durable-objects/platform/pricing/",
    "https://upstash.com/pricing/redis",
  ],
  workers: {
    base: 5,
    requestsIncluded: 10e6,
    perMillionRequests: 0.3,
    cpuMsIncluded: 30e6,
    perMillionCpuMs: 0.02,
  },
  objects: {
    requestsIncluded: 1e6,
    perMillionRequests: 0.15,
    messagesPerRequest: 20,
    gbSecondsIncluded: 400_000,
    perMillionGbSeconds: 12.5,
    rowsReadIncluded: 25e9,
    perMillionRowsRead: 0.001,
    rowsWrittenIncluded: 50e6,
    perMillionRowsWritten: 1,
    requestsPerSecondMax: 1000,
  },
  payAsYouGo: {
    perHundredThousandCommands: 0.2,
    gbIncluded: 1,
    perGb: 0.25,
    bandwidthGbIncluded: 200,
    perBandwidthGb: 0.03,
  },
  fixed: [
    { name: "250 MB", price: 10, gb: 0.25, bandwidthGb: 50 },
    { name: "1 GB", price: 20, gb: 1, bandwidthGb: 100 },
    { name: "5 GB", price: 100, gb: 5, bandwidthGb: 500 },
    { name: "10 GB", price: 200, gb: 10, bandwidthGb: 1000 },
    { name: "50 GB", price: 400, gb: 50, bandwidthGb: 5000 },
    { name: "100 GB", price: 800, gb: 100, bandwidthGb: 10_000 },
    { name: "500 GB", price: 1500, gb: 500, bandwidthGb: 20_000 },
  ],
  commandsPerSecondMax: 10_000,
};
