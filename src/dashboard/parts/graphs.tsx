import type { JSX } from "preact";
import type { LatestEventPage } from "../../client/shapes.ts";
import { useNow, useView } from "../app/session.ts";
import type { History, HistoryPoint } from "../app/wire.ts";
import { Shown } from "./shown.tsx";
import { number, spaced, STATUSES } from "./words.ts";

/** The last 24 hours, small. */

const WIDTH = 288;
const HEIGHT = 64;
const DAY_MS = 86_400_000;
/** There is a point every 15 minutes. */
const HISTORY_AGE_MS = 300_000;

export function Graphs(): JSX.Element {
  const view = useView<History>("/v1/stats/history", HISTORY_AGE_MS);
  return (
    <section aria-labelledby="day" class="graphs-section">
      <h2 id="day">The last 24 hours</h2>
      <Shown view={view}>
        {({ points, step_seconds }) =>
          points.length === 0 ? (
            <p class="quiet">The sweep writes down how it is; nothing is written down yet.</p>
          ) : (
            <div class="graphs">
              <StatusGraph points={points} stepMs={step_seconds * 1000} />
              <CountGraph points={points} stepMs={step_seconds * 1000} />
            </div>
          )
        }
      </Shown>
      <Openings />
    </section>
  );
}

interface GraphProps {
  points: readonly HistoryPoint[];
  stepMs: number;
}

/** Where on the graph a point is: its end is the last point's. */
function placesOf(points: readonly HistoryPoint[], stepMs: number): { x: number; width: number }[] {
  const end = Date.parse(points.at(-1)!.at) + stepMs;
  const width = Math.max(0.6, (stepMs / DAY_MS) * WIDTH);
  return points.map(({ at }) => ({ x: WIDTH * (1 - (end - Date.parse(at)) / DAY_MS), width }));
}

function StatusGraph({ points, stepMs }: GraphProps): JSX.Element {
  const places = placesOf(points, stepMs);
  const totals = points.map(({ by_status }) =>
    Object.values(by_status).reduce((sum, count) => sum + count, 0),
  );
  const max = Math.max(1, ...totals);
  const last = points.at(-1)!;
  const words = STATUSES.filter((status) => (last.by_status[status] ?? 0) > 0).map(
    (status) => `${number(last.by_status[status]!)} ${spaced(status)}`,
  );
  return (
    <figure>
      <figcaption>
        Agents by status <span class="quiet">most {number(Math.max(...totals))}</span>
      </figcaption>
      <svg
        class="graph"
        viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
        preserveAspectRatio="none"
        role="img"
        aria-label={`Agents by status; last ${words.join(", ") || "none"}`}
      >
        {points.map(({ at, by_status }, i) => {
          let y = HEIGHT;
          return (
            <g key={at}>
              {STATUSES.map((status) => {
                const height = ((by_status[status] ?? 0) / max) * HEIGHT;
                y -= height;
                return (
                  height > 0 && (
                    <rect
                      key={status}
                      class={`is-${status}`}
                      x={places[i]!.x}
                      width={places[i]!.width}
                      y={y}
                      height={height}
                    />
                  )
                );
              })}
            </g>
          );
        })}
      </svg>
    </figure>
  );
}

function CountGraph({ points, stepMs }: GraphProps): JSX.Element {
  const places = placesOf(points, stepMs);
  const most = Math.max(...points.map(({ calls }) => calls));
  return (
    <figure>
      <figcaption>
        Tool calls not settled <span class="quiet">most {number(most)}</span>
      </figcaption>
      <svg
        class="graph"
        viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
        preserveAspectRatio="none"
        role="img"
        aria-label={`Tool calls not settled: at most ${number(most)}`}
      >
        {points.map(({ at, calls }, i) => {
          const height = (calls / Math.max(1, most)) * HEIGHT;
          return (
            height > 0 && (
              <rect
                key={at}
                class="is-busy"
                x={places[i]!.x}
                width={places[i]!.width}
                y={HEIGHT - height}
                height={height}
              />
            )
          );
        })}
      </svg>
    </figure>
  );
}

const OPENINGS = "/v1/events?order=desc&type=breaker_opened&limit=200";
/** A bar for each of so many parts of the day. */
const BARS = 96;

/** Of events there may be more than one answer looks at: then the graph says of how many it is. */
function Openings(): JSX.Element {
  const view = useView<LatestEventPage>(OPENINGS, HISTORY_AGE_MS);
  const now = useNow();
  return (
    <Shown view={view}>
      {({ events, next_cursor }) => {
        const bars = Array.from({ length: BARS }, () => 0);
        for (const { at } of events) {
          const index = Math.floor(BARS * (1 - (now - Date.parse(at)) / DAY_MS));
          if (index >= 0) bars[Math.min(index, BARS - 1)]! += 1;
        }
        const [sum, most] = [bars.reduce((all, bar) => all + bar, 0), Math.max(...bars)];
        const said = `${number(sum)}${next_cursor === null ? " in all" : " among the last 1,000 events"}`;
        return (
          <figure>
            <figcaption>
              Breaker openings <span class="quiet">{said}</span>
            </figcaption>
            <svg
              class="graph"
              viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
              preserveAspectRatio="none"
              role="img"
              aria-label={`Breaker openings: ${said}`}
            >
              {bars.map((bar, i) => {
                const height = (bar / Math.max(1, most)) * HEIGHT;
                return (
                  height > 0 && (
                    <rect
                      key={i}
                      class="is-unreachable"
                      x={(i * WIDTH) / BARS}
                      width={WIDTH / BARS}
                      y={HEIGHT - height}
                      height={height}
                    />
                  )
                );
              })}
            </svg>
          </figure>
        );
      }}
    </Shown>
  );
}
