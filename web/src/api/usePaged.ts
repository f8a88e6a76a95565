import { useCallback, useEffect, useRef, useState } from "react";
import type { Page } from "./calls";
import { asError, type ApiError } from "./client";
import { RETRY_MS } from "./useQuery";

interface State<T> extends Page<T> {
  key: string;
  error: ApiError | null;
}

export interface Paged<T> {
  items: T[];
  error: ApiError | null;
  /** There is no answer yet, neither to this search nor to the one before. */
  loading: boolean;
  /** The items belong to the search before. */
  stale: boolean;
  more: boolean;
  elapsedMs: number;
  loadMore: () => void;
  reload: () => void;
  change: (how: (before: Page<T>) => Page<T>) => void;
}

/**
 * A list page after page: the first when `key` changes, the next on `loadMore`.
 *
 * `load` may be a new function on every render: only a change of `key` starts it anew.
 */
export function usePaged<T>(key: string, load: (cursor: string | null, signal?: AbortSignal) => Promise<Page<T>>): Paged<T> {
  const [state, setState] = useState<State<T>>({ key: "", items: [], cursor: null, elapsedMs: 0, error: null });
  const [turn, setTurn] = useState(0);
  const asked = `${key}|${turn}`;
  const paging = useRef(false);
  const latest = useRef({ load, state });
  useEffect(() => {
    latest.current = { load, state };
  });

  useEffect(() => {
    const abort = new AbortController();
    let timer = 0;
    paging.current = false;
    latest.current.load(null, abort.signal).then(
      (page) => setState({ key: asked, ...page, error: null }),
      (fault: unknown) => {
        if (abort.signal.aborted) return;
        const error = asError(fault);
        setState((before) => ({ ...before, key: asked, cursor: null, error }));
        if (error.status === 0 || error.status >= 500) timer = window.setTimeout(() => setTurn((before) => before + 1), RETRY_MS);
      },
    );
    return () => {
      abort.abort();
      window.clearTimeout(timer);
    };
  }, [asked]);

  const loadMore = useCallback(() => {
    const now = latest.current.state;
    if (paging.current || !now.cursor) return;
    paging.current = true;
    const settle = (how: (before: State<T>) => State<T>) => {
      if (paging.current) setState((before) => (before.key === now.key ? how(before) : before));
      paging.current = false;
    };
    latest.current.load(now.cursor).then(
      (page) => settle((before) => ({ ...before, items: [...before.items, ...page.items], cursor: page.cursor })),
      (fault: unknown) => settle((before) => ({ ...before, cursor: null, error: asError(fault) })),
    );
  }, []);

  const change = useCallback((how: (before: Page<T>) => Page<T>) => setState((before) => ({ ...before, ...how(before) })), []);
  const reload = useCallback(() => setTurn((before) => before + 1), []);
  return {
    items: state.items,
    error: state.key === asked || state.error?.status !== 400 ? state.error : null,
    loading: state.key === "",
    stale: state.key !== asked,
    more: state.cursor !== null,
    elapsedMs: state.elapsedMs,
    loadMore,
    reload,
    change,
  };
}
