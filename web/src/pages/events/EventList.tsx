import { useEffect, useRef } from "react";
import type { BusinessEvent } from "../../api/lines";
import type { Paged } from "../../api/usePaged";
import { serviceColor } from "../../charts/palette";
import { clock, day, toMs } from "../../state/format";
import { usePhone } from "../../state/media";
import { rangeSeconds, useRange } from "../../state/time";
import { reveal, useWindowed } from "../../ui/useWindowed";

const ROW = 28;
const ROW_PHONE = 58;
const INLINE = 6;
const LONGEST = 60;

interface Props {
  events: Paged<BusinessEvent>;
  selected: string;
  onOpen: (key: string) => void;
}

function Row({ event, selected, withDay, onOpen }: { event: BusinessEvent; selected: boolean; withDay: boolean; onOpen: (key: string) => void }) {
  const ms = toMs(event.timestamp);
  const told = [...Object.entries(event.data), ...Object.entries(event.attributes)].slice(0, INLINE);
  return (
    <div id={`event-${event.key}`} role="option" aria-selected={selected} className="log-row event-row" onClick={() => onOpen(event.key)}>
      <time className="mono" dateTime={event.timestamp}>
        {withDay && `${day(ms)} `}
        {clock(ms)}
      </time>
      <b className="cut event-name">{event.name}</b>
      <span className="log-service cut">
        <i className="dot" style={{ color: serviceColor(event.service) }} />
        {event.service}
      </span>
      <span className="log-text cut mono">
        {told.map(([key, value]) => (
          <span key={key} className="log-field">
            <i>{key}=</i>
            {value.length > LONGEST ? `${value.slice(0, LONGEST)}…` : value}
          </span>
        ))}
      </span>
    </div>
  );
}

/** Events newest first; only the rows in view are drawn. */
export function EventList({ events, selected, onOpen }: Props) {
  const scroller = useRef<HTMLDivElement>(null);
  const height = usePhone() ? ROW_PHONE : ROW;
  const { items, loadMore } = events;
  const view = useWindowed(scroller, items.length, height);
  const withDay = rangeSeconds(useRange()) > 72_000;
  useEffect(() => {
    if (view.last > items.length - 40) loadMore();
  }, [view.last, items.length, loadMore]);
  useEffect(() => {
    reveal(scroller.current, items.findIndex((event) => event.key === selected), height);
    // Only a new selection scrolls.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [selected, height]);
  const shown = items.slice(view.first, view.last);
  return (
    <>
      <div className="log-head event-row" aria-hidden="true">
        <span>Time</span>
        <span>Event</span>
        <span>Service</span>
        <span>About</span>
      </div>
      <div
        ref={scroller}
        className={events.stale ? "scroll log-scroll waiting" : "scroll log-scroll"}
        tabIndex={0}
        role={items.length ? "listbox" : "group"}
        aria-label="Events, newest first"
        aria-activedescendant={shown.some((event) => event.key === selected) ? `event-${selected}` : undefined}
        aria-busy={events.stale}
      >
        <div style={{ height: view.before }} role="presentation" />
        {shown.map((event) => (
          <Row key={event.key} event={event} selected={event.key === selected} withDay={withDay} onOpen={onOpen} />
        ))}
        <div style={{ height: view.after }} role="presentation" />
      </div>
    </>
  );
}
