/** What the document shows of a request, beside what it shows of every parameter of a name. */
export interface Example {
  query?: Record<string, unknown>;
  body?: unknown;
}

export interface Examples {
  /** The values of parameters in paths and headers, by name. */
  names: Record<string, string>;
  /** By operationId. One that is not here needs no more than its path. */
  requests: Record<string, Example>;
}
