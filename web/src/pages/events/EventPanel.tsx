import type { BusinessEvent } from "../../api/lines";
import { serviceColor } from "../../charts/palette";
import { ago, dateTime, toMs } from "../../state/format";
import { addTerm, term } from "../../state/terms";
import { linkTo, readParams, setParams } from "../../state/url";
import { CopyButton } from "../../ui/CopyButton";
import { FieldTable } from "../../ui/FieldTable";
import { Icon } from "../../ui/Icon";
import { Link } from "../../ui/Link";

const filter = (key: string, value: string, out: boolean) => setParams({ q: addTerm(readParams().q ?? "", `${out ? "-" : ""}${term(key, value)}`), record: null });

/** The event that is open, beside the list. */
export function EventPanel({ event, onClose }: { event: BusinessEvent; onClose: () => void }) {
  const ms = toMs(event.timestamp);
  return (
    <aside className="card panel" aria-label="Event">
      <div className="panel-head">
        <h2 className="cut">{event.name}</h2>
        <span className="spring" />
        <button type="button" className="button small quiet square" aria-label="Close (Esc)" title="Close (Esc)" onClick={onClose}>
          <Icon name="close" small />
        </button>
      </div>
      <div className="scroll panel-body" tabIndex={0} role="group" aria-label="Fields">
        <div className="record-top">
          <span className="service-name">
            <i className="dot" style={{ color: serviceColor(event.service) }} />
            {event.service}
          </span>
        </div>
        <p className="record-time mono muted" title={event.timestamp}>
          {dateTime(ms, true)} · {ago(ms, Date.now())}
        </p>
        <div className="record-actions">
          {event.trace_id && (
            <Link className="button small primary" href={linkTo(`/traces/${event.trace_id}`, { span: event.span_id })}>
              <Icon name="traces" small />
              Open its trace
            </Link>
          )}
          <CopyButton text={() => JSON.stringify(event, null, 2)} label="Copy as JSON" face="JSON" />
        </div>
        <FieldTable title="About" fields={event.data} onFilter={filter} />
        <FieldTable title="Context" fields={event.attributes} onFilter={filter} />
        <FieldTable title="Event" fields={{ name: event.name, service: event.service, trace: event.trace_id, span: event.span_id }} onFilter={filter} />
        <FieldTable title="Resource" fields={event.resource} onFilter={filter} folded />
      </div>
    </aside>
  );
}
