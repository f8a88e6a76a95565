import { useEffect, useState } from "react";
import { fetchSample } from "../../api/calls";
import type { TraceSummary } from "../../api/schema";

/** Parts that the rest of the range is cut into, each asked for its newest few: together they show its shape. */
const PARTS = 8;

/** Some traces of every part between `from` and `to`, in milliseconds; nothing while `to` is null. */
export function useSample(query: string, from: number, to: number | null): TraceSummary[] {
  const key = to === null ? "" : `${query}|${Math.round(from / 1000)}|${Math.round(to / 1000)}`;
  const [found, setFound] = useState<{ key: string; traces: TraceSummary[] }>({ key: "", traces: [] });
  useEffect(() => {
    if (to === null || to - from < PARTS) return;
    const abort = new AbortController();
    const part = (to - from) / PARTS;
    const load = async () => {
      for (let index = PARTS - 1; index >= 0; index -= 1) {
        const range = { start: new Date(from + index * part).toISOString(), end: new Date(from + (index + 1) * part).toISOString() };
        const traces = await fetchSample(query, range, abort.signal);
        setFound((before) => ({ key, traces: before.key === key ? [...before.traces, ...traces] : traces }));
      }
    };
    // The list itself says when the server cannot be asked.
    load().catch(() => undefined);
    return () => abort.abort();
    // The key stands for the bounds, which move with every millisecond.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [key]);
  return found.key === key ? found.traces : [];
}
