import type { Line } from "../../api/lines";
import { levelOf, serviceColor } from "../../charts/palette";
import { ago, dateTime, toMs } from "../../state/format";
import { addTerm, term } from "../../state/terms";
import { linkTo, readParams, setParams } from "../../state/url";
import { CopyButton } from "../../ui/CopyButton";
import { ExceptionBlock } from "../../ui/ExceptionBlock";
import { FieldTable } from "../../ui/FieldTable";
import { Icon } from "../../ui/Icon";
import { Link } from "../../ui/Link";

const filter = (key: string, value: string, out: boolean) => {
  const added = `${out ? "-" : ""}${term(key, value)}`;
  setParams({ q: addTerm(readParams().q ?? "", added), record: null });
};

export function RecordDetail({ record }: { record: Line }) {
  const level = levelOf(record.level, record.severity);
  const ms = toMs(record.timestamp);
  const attributes = Object.fromEntries(Object.entries(record.attributes).filter(([key]) => !key.startsWith("exception.")));
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
      <pre className="scroll record-body" tabIndex={0} role="group" aria-label="Message">{record.body}</pre>
      <div className="record-actions">
        {record.trace_id && (
          <Link className="button small primary" href={linkTo(`/traces/${record.trace_id}`, { span: record.span_id })}>
            <Icon name="traces" small />
            Open its trace
          </Link>
        )}
        <button type="button" className="button small" onClick={() => setParams({ panel: "context" }, "replace")}>
          Around this line
        </button>
        <CopyButton text={() => JSON.stringify(record, null, 2)} label="Copy as JSON" face="JSON" />
        <CopyButton text={() => `${window.location.origin}${linkTo("/logs", { q: readParams().q, record: record.key })}`} label="Copy a link to this record" icon="link" face="Link" />
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
