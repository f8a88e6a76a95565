import { useEffect, useMemo, useRef, useState, type ReactNode } from "react";
import uPlot from "uplot";
import { clock, dateTime } from "../state/format";
import { useDark } from "../state/theme";
import { buildOptions, type Ticks } from "./options";
import { stack } from "./stack";

export interface Series {
  name: string;
  /** A CSS variable. */
  color: string;
  values: (number | null)[];
  kind?: "line" | "area" | "bars";
}

interface Props {
  title: string;
  /** Seconds since the epoch, ascending. */
  times: number[];
  series: Series[];
  format: (value: number | null) => string;
  height: number;
  /** The whole window in seconds, also where there is no sample. */
  window: readonly [number, number];
  stacked?: boolean;
  sync?: string;
  max?: number;
  extra?: ReactNode;
  onBrush?: (from: number, to: number) => void;
  onLegend?: (name: string) => void;
  /** What the legend says of a series while no cursor is on the chart; without it, its newest value. */
  atRest?: (values: (number | null)[]) => string;
  ticks?: Ticks;
  /** Seconds without a sample that a line still crosses. */
  bridge?: number;
}

/** A time chart: values under the cursor in its legend, brushing zooms, one crosshair for all charts with the same `sync`. */
export function Chart({ title, times, series, format, height, window: [from, to], stacked = false, sync, max, extra, onBrush, onLegend, atRest, ticks, bridge = 0 }: Props) {
  const host = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | null>(null);
  const [cursor, setCursor] = useState<number | null>(null);
  const dark = useDark();
  const calls = useRef({ onBrush, format });
  const shape = `${series.map((one) => `${one.name}/${one.color}/${one.kind ?? "line"}`).join()}|${stacked}|${sync ?? ""}|${max ?? ""}|${dark}`;
  const data = useMemo(() => [times, ...(stacked ? stack(series.map((one) => one.values)).reverse() : series.map((one) => one.values))] as uPlot.AlignedData, [times, series, stacked]);
  const latest = useRef({ data, from, to, series });

  useEffect(() => {
    calls.current = { onBrush, format };
    latest.current = { data, from, to, series };
  });

  useEffect(() => {
    const element = host.current;
    if (!element) return;
    const options = buildOptions({
      series: latest.current.series,
      stacked,
      sync,
      max,
      ticks,
      bridge,
      width: element.clientWidth || 300,
      height,
      brushable: Boolean(calls.current.onBrush),
      format: (value) => calls.current.format(value),
      window: () => [latest.current.from, latest.current.to],
      onCursor: (index) => setCursor(index),
      onBrush: (start, end) => calls.current.onBrush?.(start, end),
    });
    const chart = new uPlot(options, latest.current.data, element);
    plot.current = chart;
    const resized = new ResizeObserver(() => chart.setSize({ width: element.clientWidth, height }));
    resized.observe(element);
    return () => {
      resized.disconnect();
      chart.destroy();
      plot.current = null;
    };
  }, [shape, height, stacked, sync, max, ticks, bridge]);

  useEffect(() => {
    plot.current?.setData(data, false);
    plot.current?.setScale("x", { min: from, max: to });
  }, [data, from, to]);

  const newest = (values: (number | null)[]) => format(values.findLast((value) => value !== null) ?? null);
  const at = cursor !== null && cursor < times.length ? cursor : null;
  const time = at === null ? null : (times[at] ?? 0) * 1000;
  return (
    <figure className="chart">
      <figcaption className="chart-head">
        <h2>{title}</h2>
        <ul className="legend">
          {series.map((one) => {
            const resting = atRest ?? newest;
            const face = (
              <>
                <i className="dot" style={{ color: `var(${one.color})` }} />
                {one.name}
                <b>{at === null ? resting(one.values) : format(one.values[at] ?? null)}</b>
              </>
            );
            return <li key={one.name}>{onLegend ? <button type="button" title={`Only ${one.name}`} onClick={() => onLegend(one.name)}>{face}</button> : face}</li>;
          })}
        </ul>
        {extra}
        <span className="spring" />
        <span className="chart-time mono" aria-hidden="true">
          {time !== null && (to - from > 86_400 ? dateTime(time) : clock(time, false))}
        </span>
      </figcaption>
      <div ref={host} className="chart-plot" style={{ height }} role="img" aria-label={describe(title, series, atRest ?? newest)} />
    </figure>
  );
}

/** What the chart says, for those who do not see it. */
function describe(title: string, series: Series[], say: (values: (number | null)[]) => string): string {
  return `${title}: ${series.map((one) => `${one.name} ${say(one.values)}`).join(", ")}`;
}
