import { useEffect, useMemo, useRef, useState } from "react";
import uPlot from "uplot";
import type { TraceSummary } from "../../api/schema";
import { clock, duration, toMs } from "../../state/format";
import { useDark } from "../../state/theme";
import { scatterOptions } from "./scatterOptions";
import { useSample } from "./useSample";

/** Milliseconds since the epoch, and of duration where the brush was drawn on both axes. */
export interface Brush {
  from: number;
  to: number;
  low: number | null;
  high: number | null;
}

interface Props {
  traces: TraceSummary[];
  query: string;
  /** The time on show, in milliseconds. */
  frame: readonly [from: number, to: number];
  /** Traces before this moment are not listed: the chart shows a sample of them. */
  unlistedTo: number | null;
  stale: boolean;
  onBrush: (brush: Brush) => void;
  onOpen: (trace: string) => void;
}

const HEIGHT = 150;

/** Each trace a dot: when it began and how long it took. Drawing a box narrows both. */
export function DurationScatter({ traces: listed, query, frame, unlistedTo, stale, onBrush, onOpen }: Props) {
  const host = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | null>(null);
  const dark = useDark();
  const [hover, setHover] = useState<TraceSummary | null>(null);
  const sample = useSample(query, frame[0], unlistedTo);
  const traces = useMemo(() => [...new Map([...sample, ...listed].map((trace) => [trace.trace_id, trace])).values()], [sample, listed]);
  const ordered = useMemo(() => [...traces].sort((left, right) => toMs(left.start) - toMs(right.start)), [traces]);
  const data = useMemo(() => {
    const times = ordered.map((trace) => toMs(trace.start) / 1000);
    const value = (failed: boolean) => ordered.map((trace) => (trace.error_count > 0 === failed ? Math.max(0.001, trace.duration_ms) : null));
    return [times, value(false), value(true)] as uPlot.AlignedData;
  }, [ordered]);
  const latest = useRef({ data, frame, ordered, onBrush, onOpen });
  useEffect(() => {
    latest.current = { data, frame, ordered, onBrush, onOpen };
  });

  useEffect(() => {
    const element = host.current;
    if (!element) return;
    const options = scatterOptions({
      width: element.clientWidth || 300,
      height: HEIGHT,
      window: () => [latest.current.frame[0] / 1000, latest.current.frame[1] / 1000],
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
  }, [data, frame]);

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
        {sample.length > 0 && !hover && <span className="muted">older ones are a sample</span>}
        <span className="muted cut">{hover ? `${clock(toMs(hover.start))}  ${hover.root_name}  ${duration(hover.duration_ms)}` : ""}</span>
      </figcaption>
      <div ref={host} className="chart-plot" style={{ height: HEIGHT }} role="img" aria-label={`${traces.length} traces by start and duration, ${failed} of them failed`} />
    </figure>
  );
}
