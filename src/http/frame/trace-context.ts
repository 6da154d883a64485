import type { Trace } from "../../registry/toolsets/call.ts";

const TRACE_CHARS_MAX = 8192;

/** W3C trace context and baggage, as they came. A value longer than 8,192 characters is left out. */
export function traceContext(headers: Headers): Trace {
  const found: Trace = {};
  for (const name of ["traceparent", "tracestate", "baggage"] as const) {
    const value = headers.get(name);
    if (value !== null && value.length <= TRACE_CHARS_MAX) found[name] = value;
  }
  return found;
}
