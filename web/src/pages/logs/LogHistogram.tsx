import { useMemo } from "react";
import type { Histogram } from "../../api/types";
import { Chart, type Series } from "../../charts/Chart";
import { LEVELS, levelOf, type Level } from "../../charts/palette";
import { integer, number, toMs } from "../../state/format";
import { splitTerms, toggleTerm } from "../../state/terms";
import { setWindow } from "../../state/time";
import { setParams } from "../../state/url";

interface Props {
  histogram: Histogram | null;
  stale: boolean;
  query: string;
  phone: boolean;
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

export function LogHistogram({ histogram, stale, query, phone }: Props) {
  const series = useMemo(() => (histogram ? byLevel(histogram) : []), [histogram]);
  const times = useMemo(() => (histogram?.buckets ?? []).map((bucket) => toMs(bucket.time) / 1000), [histogram]);
  const window = histogram ? ([toMs(histogram.start) / 1000, toMs(histogram.end) / 1000] as const) : ([0, 1] as const);
  const toggle = (name: string) => setParams({ q: toggleTerm(query, `level:${WORDS[levelOf(name)]}`) });
  const narrowed = splitTerms(query).filter((part) => part.startsWith("level:"));
  return (
    <div className={stale ? "card log-histogram waiting" : "card log-histogram"}>
      <Chart
        title={histogram ? `${integer(histogram.total)} lines` : "…"}
        times={times}
        series={series}
        format={(value) => (value === null ? "" : number(value))}
        height={phone ? 84 : 110}
        window={window}
        stacked
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
