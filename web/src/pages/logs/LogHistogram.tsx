import { useMemo, useState } from "react";
import type { Histogram } from "../../api/schema";
import { Chart, type Series } from "../../charts/Chart";
import { LEVELS, levelOf, type Level } from "../../charts/palette";
import { integer, number, toMs } from "../../state/format";
import { splitTerms, toggleTerm } from "../../state/terms";
import { rangeSeconds, setWindow, useRange } from "../../state/time";
import { setParams } from "../../state/url";

interface Props {
  histogram: Histogram | null;
  stale: boolean;
  query: string;
  phone: boolean;
}

/** Steps without logs are not in the answer; the chart needs them all. */
function everyStep(histogram: Histogram): Histogram {
  const step = histogram.step_seconds * 1000;
  const known = new Map(histogram.buckets.map((bucket) => [Math.round(toMs(bucket.time) / step), bucket]));
  const first = Math.floor(toMs(histogram.start) / step);
  const last = Math.ceil(toMs(histogram.end) / step);
  const buckets = Array.from({ length: Math.max(0, Math.min(2000, last - first)) }, (_, index) => {
    const at = first + index;
    return known.get(at) ?? { time: new Date(at * step).toISOString(), count: 0, levels: {} };
  });
  return { ...histogram, buckets };
}

function byLevel(histogram: Histogram): Series[] {
  const values = new Map<Level, number[]>();
  histogram.buckets.forEach((bucket, index) => {
    for (const [name, count] of Object.entries(bucket.levels)) {
      const level = levelOf(name);
      const row = values.get(level) ?? new Array<number>(histogram.buckets.length).fill(0);
      row[index] = (row[index] ?? 0) + count;
      values.set(level, row);
    }
  });
  return LEVELS.filter((level) => values.has(level)).map((level) => ({ name: level, color: `--bar-${level.toLowerCase()}`, values: values.get(level) ?? [], kind: "bars" }));
}

const WORDS: Record<Level, string> = { TRACE: "trace", DEBUG: "debug", INFO: "info", WARN: "warning", ERROR: "error", FATAL: "fatal" };

export function LogHistogram({ histogram: sparse, stale, query, phone }: Props) {
  const histogram = useMemo(() => (sparse ? everyStep(sparse) : null), [sparse]);
  const series = useMemo(() => (histogram ? byLevel(histogram) : []), [histogram]);
  const times = useMemo(() => (histogram?.buckets ?? []).map((bucket) => toMs(bucket.time) / 1000), [histogram]);
  const range = useRange();
  const [opened] = useState(() => Date.now() / 1000);
  const end = histogram ? toMs(histogram.end) / 1000 : opened;
  const window = [histogram ? toMs(histogram.start) / 1000 : end - rangeSeconds(range), end] as const;
  const toggle = (name: string) => setParams({ q: toggleTerm(query, `level:${WORDS[levelOf(name)]}`) });
  const narrowed = splitTerms(query).filter((part) => part.startsWith("level:"));
  return (
    <div className={stale ? "card log-histogram waiting" : "card log-histogram"}>
      <Chart
        title={histogram ? `${integer(histogram.total)} ${histogram.total === 1 ? "line" : "lines"}` : "…"}
        times={times}
        series={series}
        format={(value) => (value === null ? "" : number(value))}
        height={phone ? 84 : 110}
        window={window}
        atRest={(values) => number(values.reduce<number>((sum, value) => sum + (value ?? 0), 0))}
        stacked
        ticks="whole"
        onBrush={(from, to) => setWindow(from * 1000, to * 1000)}
        onLegend={toggle}
        extra={narrowed.map((part) => (
          <button key={part} type="button" className="chip" aria-pressed="true" title="Show every level again" onClick={() => setParams({ q: toggleTerm(query, part) })}>
            {part} ×
          </button>
        ))}
      />
    </div>
  );
}
