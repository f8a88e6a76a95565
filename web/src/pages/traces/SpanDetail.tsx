import type { SpanRecord } from "../../api/schema";
import { serviceColor } from "../../charts/palette";
import { dateTime, duration, toMs } from "../../state/format";
import { addTerm, term } from "../../state/terms";
import { linkTo, navigate, setParams } from "../../state/url";
import { CopyButton } from "../../ui/CopyButton";
import { ExceptionBlock } from "../../ui/ExceptionBlock";
import { FieldTable } from "../../ui/FieldTable";
import { Link } from "../../ui/Link";

const filter = (key: string, value: string, out: boolean) => navigate(linkTo("/traces", { q: addTerm("", `${out ? "-" : ""}${term(key, value)}`) }));

export function SpanDetail({ span, logCount }: { span: SpanRecord; logCount: number }) {
  const plain = span.events.filter((event) => event.name !== "exception");
  return (
    <>
      <h3 className="span-title">{span.name}</h3>
      <div className="record-top">
        <span className="service-name">
          <i className="dot" style={{ color: serviceColor(span.service) }} />
          {span.service}
        </span>
        <span className="badge">{span.kind}</span>
        {span.status === "Error" && <span className="badge bad">Error</span>}
        {span.status === "Ok" && <span className="badge good">Ok</span>}
      </div>
      {span.status_message && <p className="span-fault">{span.status_message}</p>}
      <dl className="span-times">
        <div>
          <dt>Duration</dt>
          <dd>{duration(span.duration_ms)}</dd>
        </div>
        <div>
          <dt>Begins after</dt>
          <dd>{duration(span.offset_ms)}</dd>
        </div>
        <div>
          <dt>Start</dt>
          <dd title={span.start}>{dateTime(toMs(span.start), true)}</dd>
        </div>
      </dl>
      <div className="record-actions">
        {logCount > 0 && (
          <button type="button" className="button small" onClick={() => setParams({ panel: "logs" }, "replace")}>
            {logCount === 1 ? "1 log" : `${logCount} logs`}
          </button>
        )}
        <Link className="button small" href={linkTo("/traces", { q: `${term("service", span.service)} ${term("name", span.name)}` })}>
          Others like it
        </Link>
        <CopyButton text={() => JSON.stringify(span, null, 2)} label="Copy the span as JSON" face="JSON" />
      </div>
      {span.events
        .filter((event) => event.name === "exception")
        .map((event) => (
          <ExceptionBlock key={event.time} attributes={event.attributes} />
        ))}
      <FieldTable title="Attributes" fields={span.attributes} onFilter={filter} />
      {plain.map((event, index) => (
        <FieldTable key={`${event.time} ${index}`} title={`Event ${event.name} at +${duration(toMs(event.time) - toMs(span.start))}`} fields={{ time: event.time, ...event.attributes }} />
      ))}
      {span.links.map((link, index) => (
        <p key={index} className="span-link">
          Linked to <Link href={linkTo(`/traces/${link.trace_id}`)}>{link.trace_id}</Link>
        </p>
      ))}
      <FieldTable title="Span" fields={{ span_id: span.span_id, parent_id: span.parent_id, scope: span.scope }} />
      <FieldTable title="Resource" fields={span.resource} folded />
    </>
  );
}
