import type { ComponentChildren, JSX } from "preact";
import { hrefOf, type Thing } from "../app/address.ts";
import { useNow } from "../app/session.ts";
import { age, spaced } from "./words.ts";

/** Small things that many pages show. */

/** How long ago something was, counted on by the registry's clock. */
export function Age({ at, suffix = "" }: { at: string; suffix?: string }): JSX.Element {
  const now = useNow();
  return (
    <time dateTime={at} title={at}>
      {age(now - Date.parse(at))}
      {suffix}
    </time>
  );
}

/** A time of day. */
export function Clock({ at }: { at: string }): JSX.Element {
  return (
    <time dateTime={at} title={at}>
      {new Date(at).toLocaleTimeString("en-GB")}
    </time>
  );
}

export function Status({ status, reason }: { status: string; reason?: string | null }): JSX.Element {
  return (
    <span class={`mark is-${status}`} title={reason ?? undefined}>
      {spaced(status)}
    </span>
  );
}

/** Whether something can be used: a dot and a word, never a colour alone. */
export function Mark({ good, children }: { good: boolean; children: ComponentChildren }): JSX.Element {
  return <span class={`mark ${good ? "is-available" : "is-unreachable"}`}>{children}</span>;
}

export function Link({
  to,
  name,
  children,
}: {
  to: Thing;
  name: string;
  children?: ComponentChildren;
}): JSX.Element {
  return <a href={hrefOf(to, name)}>{children ?? name}</a>;
}

export function Tags({ words }: { words: readonly string[] }): JSX.Element | null {
  if (words.length === 0) return null;
  return (
    <span class="tags">
      {words.map((word) => (
        <span key={word}>{word}</span>
      ))}
    </span>
  );
}

/** Load as a bar and a number. Under a policy without inline styles a width is an attribute of SVG. */
export function Load({ load, max, ratio }: { load: number; max: number | null; ratio: number }): JSX.Element {
  if (max === null)
    return (
      <span class="number">
        {load} <i class="quiet">of no limit</i>
      </span>
    );
  return (
    <span class="load">
      <Bar parts={[[Math.min(1, ratio), ratio >= 0.8 ? "load-high" : "load-fine"]]} />
      <span class="number">
        {load} of {max}
      </span>
    </span>
  );
}

/** A bar of parts. @param parts  a share of the whole and a class each */
export function Bar({
  parts,
  label,
}: {
  parts: readonly (readonly [share: number, style: string])[];
  label?: string;
}): JSX.Element {
  let x = 0;
  return (
    <svg
      class="bar"
      viewBox="0 0 1 1"
      preserveAspectRatio="none"
      {...(label ? { role: "img", "aria-label": label } : { "aria-hidden": true })}
    >
      {parts.map(([share, style]) => {
        const at = x;
        x += share;
        return share > 0 && <rect key={style} class={style} x={at} width={share} height="1" />;
      })}
    </svg>
  );
}

export function Fact({ name, children }: { name: string; children?: ComponentChildren }): JSX.Element | null {
  if (children === undefined || children === null || children === false || children === "") return null;
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

export function Json({ title, value }: { title: string; value: unknown }): JSX.Element | null {
  if (value === undefined || value === null || (typeof value === "object" && Object.keys(value).length === 0))
    return null;
  return (
    <details>
      <summary>{title}</summary>
      <pre tabIndex={0}>{JSON.stringify(value, null, 2)}</pre>
    </details>
  );
}
