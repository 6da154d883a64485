import type { BridgeEvent } from "../bridge/bridge.ts";
import type { Ending } from "../client/index.ts";
import type { Io } from "./io.ts";
import { counted, visible } from "./table.ts";

type Event = BridgeEvent | { type: "ended"; reason: Ending["reason"] };

/**
 * Writes what happens to a bridge, a line each; calls only if it is verbose. What the registry does not take goes to standard
 * error. There, on a terminal, the newest progress or the number of calls is redrawn in place.
 */
export function bridgeReport(
  { out, err }: Io,
  { name, json, isVerbose }: { name: string; json: boolean; isVerbose: boolean },
): (event: Event) => void {
  let calls = 0;
  return (event) => {
    if (event.type === "call") calls += 1;
    if (err.isTTY) err.write("\r\u001B[K");
    const line = `${json ? JSON.stringify(event) : textOf(name, event)}\n`;
    if (event.type === "refused" || event.type === "warning") err.write(line);
    else if (event.type !== "progress" && (isVerbose || event.type !== "call")) out.write(line);
    if (!err.isTTY || event.type === "ended") return;
    err.write(event.type === "progress" ? textOf(name, event) : counted(calls, "call"));
  };
}

function textOf(name: string, event: Event): string {
  switch (event.type) {
    case "serving":
      return visible(`${name}: ${counted(event.tools, "tool")}; Ctrl-C leaves`);
    case "amended":
      return visible(`${name}: the list has changed: ${counted(event.tools, "tool")}`);
    case "refused":
      return visible(`${name}: left out: ${event.text}`);
    case "warning":
      return visible(`${name}: ${event.text}`);
    case "down":
      return visible(`${name} is down: ${event.reason}; again in ${(event.retry_ms / 1000).toFixed(1)} s`);
    case "up":
      return visible(`${name} is up again`);
    case "progress": {
      const { tool, progress, total, message = "" } = event;
      return visible(`${tool} ${progress}${total === undefined ? "" : `/${total}`} ${message}`.trimEnd());
    }
    case "call": {
      const { tool, ms, error } = event;
      const took = `${Math.round(ms)} ms`;
      return visible(error === undefined ? `${tool} ${took}` : `${tool} failed after ${took}: ${error}`);
    }
    case "ended":
      return visible(`${name} ${event.reason === "left" ? "has left" : "has ended"}`);
  }
}
