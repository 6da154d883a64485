/** A line of measured points. */
export interface Series {
  name: string;
  /** x and y, both above zero */
  points: [x: number, y: number][];
}

export interface Plot {
  title: string;
  xLabel: string;
  yLabel: string;
  series: Series[];
}

const WIDTH = 640;
const HEIGHT = 360;
const MARGIN = { top: 44, right: 190, bottom: 48, left: 64 };
// Colour-blind readers can tell these apart (Okabe and Ito).
const COLOURS = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9"];

const escape = (text: string): string =>
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");

/** Whole decades that hold all values. */
function decades(values: readonly number[]): number[] {
  const first = Math.floor(Math.log10(Math.min(...values)));
  const last = Math.max(first + 1, Math.ceil(Math.log10(Math.max(...values))));
  return Array.from({ length: last - first + 1 }, (_, i) => 10 ** (first + i));
}

const label = (value: number): string =>
  value >= 1 ? value.toLocaleString("en") : String(Number(value.toPrecision(1)));

/** Draws lines on two logarithmic axes: constant cost is a flat line, proportional cost a diagonal. */
export function toSvg({ title, xLabel, yLabel, series }: Plot): string {
  const points = series.flatMap((line) => line.points);
  const xTicks = decades(points.map(([x]) => x));
  const yTicks = decades(points.map(([, y]) => y));
  const scale = (ticks: readonly number[], from: number, to: number) => (value: number) => {
    const [low, high] = [Math.log10(ticks[0]!), Math.log10(ticks.at(-1)!)];
    return from + ((Math.log10(value) - low) / (high - low)) * (to - from);
  };
  const [left, right] = [MARGIN.left, WIDTH - MARGIN.right];
  const [top, bottom] = [MARGIN.top, HEIGHT - MARGIN.bottom];
  const x = scale(xTicks, left, right);
  const y = scale(yTicks, bottom, top);
  const at = (value: number) => value.toFixed(1);

  const grid = [
    ...xTicks.map(
      (tick) =>
        `<path d="M${at(x(tick))} ${top}V${bottom}" stroke="#ddd"/><text x="${at(x(tick))}" y="${bottom + 18}" text-anchor="middle">${label(tick)}</text>`,
    ),
    ...yTicks.map(
      (tick) =>
        `<path d="M${left} ${at(y(tick))}H${right}" stroke="#ddd"/><text x="${left - 8}" y="${at(y(tick) + 4)}" text-anchor="end">${label(tick)}</text>`,
    ),
  ];
  const lines = series.map(({ name, points: line }, i) => {
    const colour = COLOURS[i % COLOURS.length]!;
    const path = line.map(([px, py], n) => `${n === 0 ? "M" : "L"}${at(x(px))} ${at(y(py))}`).join("");
    const dots = line.map(
      ([px, py]) => `<circle cx="${at(x(px))}" cy="${at(y(py))}" r="3" fill="${colour}"/>`,
    );
    const key = top + 8 + i * 20;
    return `<path d="${path}" fill="none" stroke="${colour}" stroke-width="2"/>${dots.join("")}
<path d="M${right + 14} ${key}h18" stroke="${colour}" stroke-width="2"/><text x="${right + 38}" y="${key + 4}">${escape(name)}</text>`;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" font-family="sans-serif" font-size="12">
<rect width="${WIDTH}" height="${HEIGHT}" fill="#fff"/>
<text x="${left}" y="24" font-size="15" font-weight="bold">${escape(title)}</text>
${grid.join("\n")}
<text x="${(left + right) / 2}" y="${HEIGHT - 10}" text-anchor="middle">${escape(xLabel)}</text>
<text transform="translate(16 ${(top + bottom) / 2}) rotate(-90)" text-anchor="middle">${escape(yLabel)}</text>
${lines.join("\n")}
</svg>
`;
}
