import { useEffect, useMemo, useRef, useState } from "react";
import uPlot from "uplot";
import type { TraceSummary } from "../../api/types";
import { clock, duration, toMs } from "../../state/format";
import { useDark } from "../../state/theme";
import { rangeSeconds, type TimeRange } from "../../state/time";
import { scatterOptions } from "./scatterOptions";

/** Milliseconds since the epoch, and of duration where the brush was drawn on both axes. */
export interface Brush {
  from: number;
  to: number;
  low: number | null;
  high: number | null;
}

interface Props {
  traces: TraceSummary[];
  range: TimeRange;
  stale: boolean;
  /** There are older traces that are not loaded. */
  more: boolean;
  onBrush: (brush: Brush) => void;
  onOpen: (trace: string) => void;
}

const HEIGHT = 150;
/** Pixels left and right of the plot, as in scatterOptions. */
const AXIS = 60;
const PAD = 14;

/** The window to draw: as asked, ending at the newest trace or now, whichever is later. */
function bounds(range: TimeRange, traces: TraceSummary[], now: number): [number, number] {
  if (range.kind === "absolute") return [range.from / 1000, range.to / 1000];
  const newest = traces[0] ? toMs(traces[0].start) : 0;
  const end = Math.max(now, newest) / 1000;
  return [end - rangeSeconds(range), end];
}

/** Each trace a dot: when it began and how long it took. Drawing a box narrows both. */
export function DurationScatter({ traces, range, stale, more, onBrush, onOpen }: Props) {
  const host = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | null>(null);
  const dark = useDark();
  const [hover, setHover] = useState<TraceSummary | null>(null);
  const ordered = useMemo(() => [...traces].sort((left, right) => toMs(left.start) - toMs(right.start)), [traces]);
  const data = useMemo(() => {
    const times = ordered.map((trace) => toMs(trace.start) / 1000);
    const value = (failed: boolean) => ordered.map((trace) => (trace.error_count > 0 === failed ? Math.max(0.001, trace.duration_ms) : null));
    return [times, value(false), value(true)] as uPlot.AlignedData;
  }, [ordered]);
  // The moment of an answer is what "now" meant for it.
  const window = useMemo(() => bounds(range, traces, Date.now()), [range, traces]);
  const latest = useRef({ data, window, ordered, onBrush, onOpen });
  useEffect(() => {
    latest.current = { data, window, ordered, onBrush, onOpen };
  });

  useEffect(() => {
    const element = host.current;
    if (!element) return;
    const options = scatterOptions({
      width: element.clientWidth || 300,
      height: HEIGHT,
      window: () => latest.current.window,
      onHover: (index) => setHover(index === null ? null : (latest.current.ordered[index] ?? null)),
      onOpen: (index) => {
        const trace = latest.current.ordered[index];
        if (trace) latest.current.onOpen(trace.trace_id);
      },
      onBrush: (brush) => latest.current.onBrush(brush),
    });
    const chart = new uPlot(options, latest.current.data, element);
    plot.current = chart;
    const resized = new ResizeObserver(() => chart.setSize({ width: element.clientWidth, height: HEIGHT }));
    resized.observe(element);
    return () => {
      resized.disconnect();
      chart.destroy();
    };
  }, [dark]);
  useEffect(() => {
    plot.current?.setData(data, true);
  }, [data, window]);

  const oldest = data[0][0];
  const unseen = more && oldest !== undefined ? Math.max(0, (oldest - window[0]) / (window[1] - window[0])) : 0;
  const failed = traces.filter((trace) => trace.error_count > 0).length;
  return (
    <figure className={stale ? "card chart scatter waiting" : "card chart scatter"}>
      <figcaption className="chart-head">
        <h2>Duration</h2>
        <ul className="legend">
          <li>
            <i className="dot" style={{ color: "var(--c1)" }} /> fine
          </li>
          <li>
            <i className="dot" style={{ color: "var(--bar-error)" }} /> failed
          </li>
        </ul>
        <span className="spring" />
        <span className="muted cut">{hover ? `${clock(toMs(hover.start))}  ${hover.root_name}  ${duration(hover.duration_ms)}` : ""}</span>
      </figcaption>
      <div ref={host} className="chart-plot" style={{ height: HEIGHT }} role="img" aria-label={`${traces.length} traces by start and duration, ${failed} of them failed`}>
        {unseen > 0.02 && (
          <div className="scatter-unseen" style={{ left: AXIS, width: `calc((100% - ${AXIS + PAD}px) * ${unseen})` }}>
            {unseen > 0.2 && "older traces, loaded as you scroll down"}
          </div>
        )}
      </div>
    </figure>
  );
}
