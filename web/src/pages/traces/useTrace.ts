import { useCallback, useEffect, useState } from "react";
import { fetchSpans } from "../../api/calls";
import { ApiError, asError } from "../../api/client";
import type { SpanRecord } from "../../api/schema";

/** A trace as far as it is here. */
export interface LoadedTrace {
  id: string;
  /** When its first span began. */
  start: string;
  spans: SpanRecord[];
  /** Whether that is all of it, or all that is shown. */
  whole: boolean;
  /** It goes on, beyond what a page can hold. */
  cut: boolean;
}

interface State {
  trace: LoadedTrace | null;
  missing: boolean;
  error: ApiError | null;
}

/** Spans that are shown at most: half a gigabyte of memory in the browser. */
const MOST = 250_000;
/** A trace that is not there may still be on its way: it is asked for again after so long. */
const AGAIN_MS = 3000;
const NOTHING: State = { trace: null, missing: false, error: null };

/** Spans of one process carry the same resource: one object for all of them. */
function sharing(): (span: SpanRecord) => SpanRecord {
  const known = new Map<string, SpanRecord["resource"]>();
  return (span) => {
    const text = JSON.stringify(span.resource);
    const found = known.get(text);
    if (!found) known.set(text, span.resource);
    return found ? { ...span, resource: found } : span;
  };
}

/** Load page after page, telling `show` when there is twice as much as before: the tree is built anew each time. */
async function load(id: string, signal: AbortSignal, show: (trace: LoadedTrace) => void): Promise<void> {
  const shared = sharing();
  const spans: SpanRecord[] = [];
  let shown = 0;
  let cursor: string | null = null;
  do {
    const page: Awaited<ReturnType<typeof fetchSpans>> = await fetchSpans(id, cursor, signal);
    for (const span of page.spans) spans.push(shared(span));
    cursor = page.next_cursor;
    const last = !cursor || spans.length >= MOST;
    if (last || spans.length >= 2 * shown) {
      shown = spans.length;
      show({ id, start: spans[0]?.start ?? "", spans: spans.slice(), whole: last, cut: last && cursor !== null });
    }
  } while (cursor && spans.length < MOST);
}

/** A trace of any size: its first spans at once, the others as they come. */
export function useTrace(id: string): State & { reload: () => void } {
  const [state, setState] = useState(NOTHING);
  const [turn, setTurn] = useState(0);
  const reload = useCallback(() => setTurn((before) => before + 1), []);
  useEffect(() => {
    const abort = new AbortController();
    let timer = 0;
    load(id, abort.signal, (trace) => !abort.signal.aborted && setState({ trace, missing: false, error: null })).catch((fault: unknown) => {
      if (abort.signal.aborted) return;
      const error = asError(fault);
      const missing = error.status === 404;
      setState((before) => ({ ...before, missing, error: missing ? null : error }));
      if (missing) timer = window.setTimeout(reload, AGAIN_MS);
    });
    return () => {
      abort.abort();
      window.clearTimeout(timer);
    };
  }, [id, turn, reload]);
  return { ...state, reload };
}
