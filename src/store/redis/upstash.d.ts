/** What we use of a file that the package declares no types for; its name has a hash, so another version does not build. */
declare module "*/@upstash/redis/chunk-4WQYU7T6.mjs" {
  export class HttpClient {
    constructor(config: {
      baseUrl: string;
      headers: Record<string, string>;
      signal: () => AbortSignal;
      retry: { retries: number };
      responseEncoding: false;
    });
    /** What every request says that it has seen; taken from each answer. */
    upstashSyncToken: string;
    request(request: { path: string[]; body: unknown }): Promise<unknown>;
  }
}
