import { useCallback, useEffect, useRef, useState } from "react";
import { fetchLogs } from "../../api/calls";
import { ApiError } from "../../api/client";
import { RETRY_MS } from "../../api/useQuery";
import type { LogRecord } from "../../api/types";
import { rangeKey, rangeQuery, type TimeRange } from "../../state/time";

interface State {
  key: string;
  records: LogRecord[];
  cursor: string | null;
  elapsedMs: number;
  error: ApiError | null;
}

export interface Logs {
  records: LogRecord[];
  error: ApiError | null;
  /** There is no answer yet, neither to this search nor to the one before. */
  loading: boolean;
  /** The records belong to the search before. */
  stale: boolean;
  more: boolean;
  elapsedMs: number;
  loadMore: () => void;
  reload: () => void;
  prepend: (records: LogRecord[]) => void;
}

/** Most records kept while tailing; older ones are found again by searching. */
const KEPT = 10_000;
const NOTHING: State = { key: "", records: [], cursor: null, elapsedMs: 0, error: null };

function asError(fault: unknown): ApiError {
  return fault instanceof ApiError ? fault : new ApiError("The answer could not be read", String(fault), 0);
}

/** Records newest first, page after page, with room for those that the tail puts in front. */
export function useLogs(query: string, range: TimeRange): Logs {
  const [state, setState] = useState(NOTHING);
  const [turn, setTurn] = useState(0);
  const key = `${query}|${rangeKey(range)}|${turn}`;
  const paging = useRef(false);
  const wanted = useRef({ query, range, state });
  useEffect(() => {
    wanted.current = { query, range, state };
  });

  useEffect(() => {
    const abort = new AbortController();
    let timer = 0;
    paging.current = false;
    fetchLogs(wanted.current.query, rangeQuery(wanted.current.range), null, abort.signal).then(
      (page) => setState({ key, records: page.records, cursor: page.next_cursor, elapsedMs: page.elapsed_ms, error: null }),
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
    fetchLogs(text, rangeQuery(over), now.cursor).then(
      (page) => {
        if (paging.current) setState((before) => (before.key === now.key ? { ...before, records: [...before.records, ...page.records], cursor: page.next_cursor } : before));
        paging.current = false;
      },
      (fault: unknown) => {
        setState((before) => (before.key === now.key ? { ...before, cursor: null, error: asError(fault) } : before));
        paging.current = false;
      },
    );
  }, []);

  const prepend = useCallback((fresh: LogRecord[]) => {
    setState((before) => {
      const known = new Set(before.records.slice(0, 1000).map((record) => record.id));
      const added = fresh.filter((record) => !known.has(record.id)).sort((left, right) => (left.timestamp < right.timestamp ? 1 : -1));
      const records = [...added, ...before.records];
      return records.length > KEPT ? { ...before, records: records.slice(0, KEPT), cursor: null } : { ...before, records };
    });
  }, []);

  const reload = useCallback(() => setTurn((before) => before + 1), []);
  return {
    records: state.records,
    error: state.key === key || state.error?.status !== 400 ? state.error : null,
    loading: state.key === "",
    stale: state.key !== key,
    more: state.cursor !== null,
    elapsedMs: state.elapsedMs,
    loadMore,
    reload,
    prepend,
  };
}
