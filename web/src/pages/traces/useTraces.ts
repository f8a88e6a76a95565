import { useCallback, useEffect, useRef, useState } from "react";
import { fetchTraces } from "../../api/calls";
import { ApiError } from "../../api/client";
import { RETRY_MS } from "../../api/useQuery";
import type { TracePage, TraceSummary } from "../../api/types";
import { toMs } from "../../state/format";
import { rangeKey, rangeQuery, rangeSeconds, type TimeRange } from "../../state/time";

interface State {
  key: string;
  traces: TraceSummary[];
  cursor: string | null;
  elapsedMs: number;
  error: ApiError | null;
  /** The time that the answer covers, in milliseconds. */
  frame: readonly [from: number, to: number];
  /** Where the first page's traces end, and older ones begin that are not listed; null where it has them all. */
  unlistedTo: number | null;
}

/** As asked for, ending at the newest trace or now, whichever is later: clocks may differ. */
function frameOf(range: TimeRange, traces: TraceSummary[]): readonly [number, number] {
  if (range.kind === "absolute") return [range.from, range.to];
  const end = traces.reduce((latest, trace) => Math.max(latest, toMs(trace.start)), Date.now());
  return [end - rangeSeconds(range) * 1000, end];
}

function firstPage(key: string, page: TracePage, range: TimeRange): State {
  const { traces, next_cursor: cursor, elapsed_ms: elapsedMs } = page;
  const oldest = traces.reduce((low, trace) => Math.min(low, toMs(trace.start)), Infinity);
  return { key, traces, cursor, elapsedMs, error: null, frame: frameOf(range, traces), unlistedTo: cursor && Number.isFinite(oldest) ? oldest : null };
}

function asError(fault: unknown): ApiError {
  return fault instanceof ApiError ? fault : new ApiError("The answer could not be read", String(fault), 0);
}

/** Traces newest first, page after page. */
export function useTraces(query: string, range: TimeRange) {
  const [state, setState] = useState<State>(() => ({ key: "", traces: [], cursor: null, elapsedMs: 0, error: null, frame: frameOf(range, []), unlistedTo: null }));
  const [turn, setTurn] = useState(0);
  const key = `${query}|${rangeKey(range)}|${turn}`;
  const wanted = useRef({ query, range, state });
  const paging = useRef(false);
  useEffect(() => {
    wanted.current = { query, range, state };
  });

  useEffect(() => {
    const abort = new AbortController();
    let timer = 0;
    paging.current = false;
    fetchTraces(wanted.current.query, rangeQuery(wanted.current.range), null, abort.signal).then(
      (page) => setState(firstPage(key, page, wanted.current.range)),
      (fault: unknown) => {
        if (abort.signal.aborted) return;
        const error = asError(fault);
        setState((before) => ({ ...before, key, cursor: null, error }));
        if (error.status === 0 || error.status >= 500) timer = window.setTimeout(() => setTurn((before) => before + 1), RETRY_MS);
      },
    );
    return () => {
      abort.abort();
      window.clearTimeout(timer);
    };
  }, [key]);

  const loadMore = useCallback(() => {
    const { query: text, range: over, state: now } = wanted.current;
    if (paging.current || !now.cursor) return;
    paging.current = true;
    const settle = (change: (before: State) => State) => {
      paging.current = false;
      setState((before) => (before.key === now.key ? change(before) : before));
    };
    fetchTraces(text, rangeQuery(over), now.cursor).then(
      (page) => settle((before) => ({ ...before, traces: [...before.traces, ...page.traces], cursor: page.next_cursor })),
      (fault: unknown) => settle((before) => ({ ...before, cursor: null, error: asError(fault) })),
    );
  }, []);

  const reload = useCallback(() => setTurn((before) => before + 1), []);
  return { ...state, loading: state.key === "", stale: state.key !== key, more: state.cursor !== null, error: state.key === key || state.error?.status !== 400 ? state.error : null, loadMore, reload };
}
