import { useCallback } from "react";
import { fetchLogs } from "../../api/calls";
import type { Line } from "../../api/lines";
import { usePaged, type Paged } from "../../api/usePaged";
import { rangeKey, rangeQuery, type TimeRange } from "../../state/time";

export interface Logs extends Paged<Line> {
  prepend: (fresh: Line[]) => void;
}

/** Most records kept while tailing; older ones are found again by searching. */
const KEPT = 10_000;
/** Among so many of the newest an arrival is looked for: a search may have found it already. */
const KNOWN = 1000;

/** Records newest first, with room for those that the tail puts in front. */
export function useLogs(query: string, range: TimeRange): Logs {
  const paged = usePaged(`${query}|${rangeKey(range)}`, (cursor, signal) => fetchLogs(query, rangeQuery(range), cursor, signal));
  const { change } = paged;
  const prepend = useCallback(
    (fresh: Line[]) =>
      change((before) => {
        const known = new Set(before.items.slice(0, KNOWN).map((record) => record.key));
        const added = fresh.filter((record) => !known.has(record.key)).sort((left, right) => (left.timestamp < right.timestamp ? 1 : -1));
        const items = [...added, ...before.items];
        return items.length > KEPT ? { ...before, items: items.slice(0, KEPT), cursor: null } : { ...before, items };
      }),
    [change],
  );
  return { ...paged, prepend };
}
