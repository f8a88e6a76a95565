import type { LogRecord } from "../../api/types";
import { levelOf, serviceColor } from "../../charts/palette";
import { ago, clock, dateTime, toMs } from "../../state/format";
import { addTerm, term } from "../../state/terms";
import { linkTo, readParams, setParams } from "../../state/url";
import { CopyButton } from "../../ui/CopyButton";
import { ExceptionBlock } from "../../ui/ExceptionBlock";
import { FieldTable } from "../../ui/FieldTable";
import { Icon } from "../../ui/Icon";
import { Link } from "../../ui/Link";

/** How much is shown before and after a line when looking around it. */
const AROUND_MS = 15_000;

const filter = (key: string, value: string, out: boolean) => {
  const added = `${out ? "-" : ""}${term(key, value)}`;
  setParams({ q: addTerm(readParams().q ?? "", added), record: null });
};

export function RecordDetail({ record }: { record: LogRecord }) {
  const level = levelOf(record.level, record.severity);
  const ms = toMs(record.timestamp);
  const attributes = Object.fromEntries(Object.entries(record.attributes).filter(([key]) => !key.startsWith("exception.")));
  const around = linkTo("/logs", {
    range: null,
    from: new Date(ms - AROUND_MS).toISOString(),
    to: new Date(ms + AROUND_MS).toISOString(),
    service: record.service,
    record: record.id,
  });
  return (
    <>
      <div className="record-top">
        <span className={`level-badge level-${level.toLowerCase()}`}>{record.level || level}</span>
        <span className="service-name">
          <i className="dot" style={{ color: serviceColor(record.service) }} />
          {record.service}
        </span>
        <span className="muted cut">{record.logger}</span>
      </div>
      <p className="record-time mono muted" title={record.timestamp}>
        {dateTime(ms, true)} · {ago(ms, Date.now())}
      </p>
      <pre className="record-body">{record.body}</pre>
      <div className="record-actions">
        {record.trace_id && (
          <Link className="button small primary" href={linkTo(`/traces/${record.trace_id}`, { span: record.span_id })}>
            <Icon name="traces" small />
            Open its trace
          </Link>
        )}
        <Link className="button small" href={around} title={`Everything ${record.service} logged within 15 s of ${clock(ms)}`}>
          Around this line
        </Link>
        <CopyButton text={JSON.stringify(record, null, 2)} label="Copy as JSON" face="JSON" />
        <CopyButton text={`${window.location.origin}${linkTo("/logs", { q: readParams().q, record: record.id })}`} label="Copy a link to this record" icon="link" face="Link" />
      </div>
      <ExceptionBlock attributes={record.attributes} />
      <FieldTable
        title="Record"
        fields={{ level: record.level, service: record.service, logger: record.logger, ...(record.trace_id && { trace: record.trace_id }), ...(record.span_id && { span: record.span_id }) }}
        onFilter={filter}
      />
      <FieldTable title="Attributes" fields={attributes} onFilter={filter} />
      <FieldTable title="Resource" fields={record.resource} onFilter={filter} folded />
    </>
  );
}
