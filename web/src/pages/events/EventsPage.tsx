import { useCallback, useState } from "react";
import { inList, useKeys } from "../../state/keys";
import { addTerm, term } from "../../state/terms";
import { useRange } from "../../state/time";
import { setParams, useParams } from "../../state/url";
import { Icon } from "../../ui/Icon";
import { Empty, Failed } from "../../ui/States";
import { CompareView } from "../search/CompareView";
import { LoadingRows, Nothing } from "../search/Nothing";
import { ResultFoot } from "../search/ResultFoot";
import { SearchLayout, type View } from "../search/SearchLayout";
import { EventChart } from "./EventChart";
import { EventList } from "./EventList";
import { EventPanel } from "./EventPanel";
import { useEvents } from "./useEvents";

const VIEWS: readonly View[] = [
  ["", "Events"],
  ["compare", "Compare"],
];

/** What happened in the business: who bought, registered, gave up. */
export function EventsPage() {
  const { q = "", service = "", view = "", record = "" } = useParams();
  const range = useRange();
  const query = service ? addTerm(q, term("service", service)) : q;
  const events = useEvents(query, range);
  const { items, error } = events;
  const [marked, setMarked] = useState("");
  const open = useCallback((key: string) => setParams({ record: key }, record ? "replace" : "push"), [record]);
  const close = () => {
    setMarked(record);
    setParams({ record: null });
  };
  const selected = record || marked;
  const step = (by: number) => {
    const next = items[Math.max(0, Math.min(items.length - 1, items.findIndex((one) => one.key === selected) + by))];
    if (!next) return;
    if (record) open(next.key);
    else setMarked(next.key);
  };
  useKeys({
    j: () => step(1),
    k: () => step(-1),
    ArrowDown: (event) => inList(event, () => step(1)),
    ArrowUp: (event) => inList(event, () => step(-1)),
    Enter: () => marked && open(marked),
    ...(record && { Escape: close }),
  });
  const found = items.find((one) => one.key === record);
  const faulty = error?.status === 400;
  const empty = !error && !events.loading && !events.stale && items.length === 0;
  return (
    <SearchLayout
      page="events"
      signal="events"
      q={q}
      query={query}
      error={faulty ? error : null}
      placeholder="Search events: name:order_*, amount:>10, user_id:42 …"
      tools={
        <button type="button" className="button square" aria-label="Search again" title="Search again" onClick={events.reload}>
          <Icon name="refresh" />
        </button>
      }
      chart={<EventChart query={query} q={q} />}
      views={VIEWS}
      panel={found && <EventPanel event={found} onClose={close} />}
    >
      {view === "compare" ? (
        <CompareView signal="events" q={q} service={service} />
      ) : (
        <>
          {error && !faulty && <Failed error={error} onRetry={events.reload} />}
          {faulty && items.length === 0 && <Empty icon="alert" title="This search cannot be read" />}
          {events.loading && !error && <LoadingRows />}
          {empty && (
            <Nothing title="No event matches" query={q}>
              No business event was recorded in this range; applications record them with sightline.events.
            </Nothing>
          )}
          {items.length > 0 && <EventList events={events} selected={selected} onOpen={open} />}
          <ResultFoot count={items.length} more={events.more} elapsedMs={events.elapsedMs} />
        </>
      )}
    </SearchLayout>
  );
}
