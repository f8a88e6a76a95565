import { fetchEvents } from "../../api/calls";
import type { BusinessEvent } from "../../api/lines";
import { usePaged, type Paged } from "../../api/usePaged";
import { rangeKey, rangeQuery, type TimeRange } from "../../state/time";

/** Events newest first, page after page. */
export function useEvents(query: string, range: TimeRange): Paged<BusinessEvent> {
  return usePaged(`events ${query}|${rangeKey(range)}`, (cursor, signal) => fetchEvents(query, rangeQuery(range), cursor, signal));
}
