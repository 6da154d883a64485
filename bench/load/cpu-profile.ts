/** A function together with its callers, as V8 samples it. */
interface Node {
  id: number;
  callFrame: { functionName: string; url: string; lineNumber: number };
  children?: number[];
}
export interface Profile {
  nodes: Node[];
  samples: number[];
  timeDeltas: number[];
}

export function frameName({ functionName, url, lineNumber }: Node["callFrame"]): string {
  const file = url.split("/").at(-1) ?? "";
  return `${functionName || "(anonymous)"}${file ? ` ${file}:${lineNumber + 1}` : ""}`;
}

/** µs by name, without the functions that it called. */
export function selfTimes(
  { nodes, samples, timeDeltas }: Profile,
  nameOf: (node: Node) => string,
): Map<string, number> {
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const times = new Map<string, number>();
  samples.forEach((id, i) => {
    const key = nameOf(byId.get(id)!);
    times.set(key, (times.get(key) ?? 0) + timeDeltas[i]!);
  });
  return times;
}

/** µs by frame, including the functions that it called. A function that is on a stack twice counts once. */
export function totalTimes(profile: Profile): Map<string, number> {
  const own = selfTimes(profile, ({ id }) => String(id));
  const byId = new Map(profile.nodes.map((node) => [node.id, node]));
  const times = new Map<string, number>();
  function visit(id: number, above: ReadonlySet<string>): number {
    const node = byId.get(id)!;
    const key = frameName(node.callFrame);
    const inside = new Set(above).add(key);
    const time = (node.children ?? []).reduce(
      (sum, child) => sum + visit(child, inside),
      own.get(String(id)) ?? 0,
    );
    if (!above.has(key)) times.set(key, (times.get(key) ?? 0) + time);
    return time;
  }
  visit(profile.nodes[0]!.id, new Set());
  return times;
}
