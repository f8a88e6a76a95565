import { useMemo } from "react";
import { fetchTraces } from "../../api/calls";
import type { TraceSummary } from "../../api/schema";
import { usePaged, type Paged } from "../../api/usePaged";
import { toMs } from "../../state/format";
import { rangeKey, rangeQuery, rangeSeconds, type TimeRange } from "../../state/time";

export interface Traces extends Paged<TraceSummary> {
  /** The time that the answer covers, in milliseconds. */
  frame: readonly [from: number, to: number];
  /** Where the listed traces end, and older ones begin that are not listed; null where it has them all. */
  unlistedTo: number | null;
}

/** As asked for, ending at the newest trace or now, whichever is later: clocks may differ. */
function frameOf(range: TimeRange, traces: TraceSummary[]): readonly [number, number] {
  if (range.kind === "absolute") return [range.from, range.to];
  const end = traces.reduce((latest, trace) => Math.max(latest, toMs(trace.start)), Date.now());
  return [end - rangeSeconds(range) * 1000, end];
}

/** Traces newest first, page after page. */
export function useTraces(query: string, range: TimeRange): Traces {
  const paged = usePaged(`${query}|${rangeKey(range)}`, (cursor, signal) => fetchTraces(query, rangeQuery(range), cursor, signal));
  const { items, more } = paged;
  const newest = items[0];
  // The chart keeps its frame while older pages are added below.
  // eslint-disable-next-line react-hooks/exhaustive-deps
  const frame = useMemo(() => frameOf(range, items), [range, newest]);
  const oldest = useMemo(() => items.reduce((low, trace) => Math.min(low, toMs(trace.start)), Infinity), [items]);
  return { ...paged, frame, unlistedTo: more && Number.isFinite(oldest) ? oldest : null };
}
