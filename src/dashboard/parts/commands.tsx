import type { JSX } from "preact";
import { useState } from "preact/hooks";
import type { Method } from "../app/api.ts";
import { useSession } from "../app/session.ts";
import { quoted } from "./words.ts";

/** The same for a terminal: what was shown, or what will be done. */

export function Copy({ text, what }: { text: string; what: string }): JSX.Element {
  const [said, setSaid] = useState("");
  async function copy(): Promise<void> {
    try {
      await navigator.clipboard.writeText(text);
      setSaid("Copied");
    } catch {
      setSaid("Not copied: the browser refuses");
    }
    setTimeout(() => setSaid(""), 2000);
  }
  return (
    <span class="copy">
      <button type="button" class="small" aria-label={`Copy ${what}`} onClick={() => void copy()}>
        {said === "Copied" ? "Copied" : "Copy"}
      </button>
      <span role="status" class="unseen">
        {said}
      </span>
    </span>
  );
}

export interface Command {
  method?: Method;
  path: string;
  body?: unknown;
  /** What follows `rollcall`; absent: the command line has no such command. */
  cli?: string | undefined;
}

/** @param needsKey  under open access there is none to send */
export function curlOf({ method = "GET", path, body }: Command, origin: string, needsKey: boolean): string {
  return [
    "curl",
    method !== "GET" && `-X ${method}`,
    needsKey && `-H "Authorization: Bearer $ROLLCALL_KEY"`,
    body !== undefined && `-H "Content-Type: application/json" -d ${quoted(JSON.stringify(body))}`,
    quoted(origin + path),
  ]
    .filter(Boolean)
    .join(" ");
}

export function CommandLines(command: Command): JSX.Element {
  const { who } = useSession();
  const lines = [["curl", curlOf(command, location.origin, who.access === "keys")]];
  if (command.cli !== undefined)
    lines.push(["rollcall", `rollcall ${command.cli} --url ${quoted(location.origin)}`]);
  return (
    <>
      {lines.map(([name, line]) => (
        <div class="command" key={name}>
          <pre tabIndex={0} aria-label={`with ${name}`}>
            {line}
          </pre>
          <Copy text={line!} what={`the ${name} line`} />
        </div>
      ))}
    </>
  );
}

/** Folded, under what they fetch. */
export function InATerminal(command: Command): JSX.Element {
  return (
    <details class="terminal">
      <summary>In a terminal</summary>
      <CommandLines {...command} />
    </details>
  );
}
