import { useMemo } from "react";
import { fetchEventCounts } from "../../api/calls";
import { useQuery } from "../../api/useQuery";
import type { EventCounts } from "../../api/schema";
import { Chart, type Series } from "../../charts/Chart";
import { integer, number, toMs } from "../../state/format";
import { usePhone } from "../../state/media";
import { term, toggleTerm } from "../../state/terms";
import { rangeKey, rangeQuery, setWindow, useRange } from "../../state/time";
import { setParams } from "../../state/url";

/** Names that have a colour of their own; the others are counted together. */
const NAMED = 9;
const OTHERS = "others";
const BUCKETS = 90;
const BUCKETS_PHONE = 40;

function byName(counts: EventCounts): Series[] {
  const named = counts.series.filter((each) => each.value !== "").slice(0, NAMED);
  const rest = counts.series.filter((each) => !named.includes(each));
  const others = counts.times.map((_time, at) => rest.reduce((sum, each) => sum + (each.counts[at] ?? 0), 0));
  const series = named.map((each, at): Series => ({ name: each.value, color: `--c${at + 1}`, values: each.counts, kind: "bars" }));
  return rest.length ? [...series, { name: OTHERS, color: "--bar-debug", values: others, kind: "bars" }] : series;
}

/** How many events there were when, by name. */
export function EventChart({ query, q }: { query: string; q: string }) {
  const range = useRange();
  const phone = usePhone();
  const buckets = phone ? BUCKETS_PHONE : BUCKETS;
  const { data, stale } = useQuery(`event counts ${query}|${rangeKey(range)}|${buckets}`, (signal) => fetchEventCounts(query, rangeQuery(range), buckets, signal));
  const series = useMemo(() => (data ? byName(data) : []), [data]);
  const times = useMemo(() => (data?.times ?? []).map((time) => toMs(time) / 1000), [data]);
  const window = [times[0] ?? 0, (times.at(-1) ?? 0) + (data?.step_seconds ?? 1)] as const;
  return (
    <div className={stale ? "card log-histogram waiting" : "card log-histogram"}>
      <Chart
        title={data ? `${integer(data.total)} ${data.total === 1 ? "event" : "events"}` : "…"}
        times={times}
        series={series}
        format={(value) => (value === null ? "" : number(value))}
        height={phone ? 84 : 110}
        window={window}
        atRest={(values) => number(values.reduce<number>((sum, value) => sum + (value ?? 0), 0))}
        stacked
        ticks="whole"
        onBrush={(from, to) => setWindow(from * 1000, to * 1000)}
        onLegend={(name) => name !== OTHERS && setParams({ q: toggleTerm(q, term("name", name)) })}
      />
    </div>
  );
}
