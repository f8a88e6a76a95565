import { useCallback, useEffect, useRef, useState } from "react";
import { asError, type ApiError } from "./client";

export interface Query<T> {
  /** The newest answer; while another one is on its way it stays, so that nothing flickers. */
  data: T | null;
  error: ApiError | null;
  /** True until there is a first answer or error. */
  loading: boolean;
  /** True while `data` belongs to an older key. */
  stale: boolean;
  reload: () => void;
}

interface Settled<T> {
  key: string;
  data: T | null;
  error: ApiError | null;
}

/** Answers of pages left a moment ago: coming back shows them at once, while newer ones are fetched. */
const kept = new Map<string, unknown>();
const KEPT = 12;

function keep(key: string, data: unknown): void {
  kept.delete(key);
  kept.set(key, data);
  const oldest = kept.keys().next();
  if (kept.size > KEPT && !oldest.done) kept.delete(oldest.value);
}

/** How soon to try again after a failure, so that a page comes back by itself when the server does. */
export const RETRY_MS = 3000;
/** Pauses between two questions are at least so many times what the answer took: many tabs do not wear a server down. */
const PAUSES = 4;

/**
 * Load what `key` names, again every `refreshMs` (0: once), pausing while the page is hidden.
 *
 * Keys name what is asked across all pages.
 *
 * `load` may be a new function on every render: only a change of `key` starts it anew.
 */
export function useQuery<T>(key: string | null, load: (signal: AbortSignal) => Promise<T>, refreshMs = 0): Query<T> {
  const [settled, setSettled] = useState<Settled<T>>(() => ({ key: "", data: key === null ? null : ((kept.get(key) as T | undefined) ?? null), error: null }));
  const [turn, setTurn] = useState(0);
  const latest = useRef(load);
  useEffect(() => {
    latest.current = load;
  });

  useEffect(() => {
    if (key === null) return;
    const abort = new AbortController();
    let timer = 0;
    const again = (ms: number) => {
      if (ms > 0) timer = window.setTimeout(tick, ms);
    };
    const tick = () => {
      if (document.hidden) {
        document.addEventListener("visibilitychange", tick, { once: true, signal: abort.signal });
        return;
      }
      const asked = performance.now();
      latest.current(abort.signal).then(
        (data) => {
          if (abort.signal.aborted) return;
          keep(key, data);
          setSettled({ key, data, error: null });
          again(refreshMs && Math.max(refreshMs, PAUSES * (performance.now() - asked)));
        },
        (fault: unknown) => {
          if (abort.signal.aborted) return;
          const error = asError(fault);
          setSettled((before) => ({ key, data: error.status === 400 ? before.data : before.key === key ? before.data : null, error }));
          if (error.status === 0 || error.status >= 500) again(Math.max(refreshMs, RETRY_MS));
        },
      );
    };
    tick();
    return () => {
      abort.abort();
      window.clearTimeout(timer);
    };
  }, [key, refreshMs, turn]);

  const reload = useCallback(() => setTurn((before) => before + 1), []);
  const current = settled.key === key;
  return {
    data: settled.data,
    error: current ? settled.error : null,
    loading: key !== null && !current && settled.data === null,
    stale: key !== null && !current && settled.data !== null,
    reload,
  };
}
