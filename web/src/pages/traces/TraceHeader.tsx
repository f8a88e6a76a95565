import type { Trace } from "../../api/types";
import { serviceColor } from "../../charts/palette";
import { dateTime, duration, integer, toMs } from "../../state/format";
import { term } from "../../state/terms";
import { linkTo } from "../../state/url";
import { CopyButton } from "../../ui/CopyButton";
import { Icon } from "../../ui/Icon";
import { Link } from "../../ui/Link";

interface Props {
  trace: Trace;
  zoomed: boolean;
  folded: boolean;
  onFoldAll: () => void;
  onWhole: () => void;
}

export function TraceHeader({ trace, zoomed, folded, onFoldAll, onWhole }: Props) {
  const known = new Set(trace.spans.map((span) => span.span_id));
  const root = trace.spans.find((span) => !known.has(span.parent_id));
  const failed = trace.spans.filter((span) => span.status === "Error").length;
  const at = toMs(trace.start);
  const window = { range: null, from: new Date(at - 60_000).toISOString(), to: new Date(at + trace.duration_ms + 60_000).toISOString() };
  return (
    <div className="trace-top">
      <Link className="button quiet square" href={linkTo("/traces")} aria-label="Back to all traces" title="All traces">
        <span className="flip">
          <Icon name="right" />
        </span>
      </Link>
      <div className="trace-title">
        <h2 className="cut">{root?.name ?? trace.trace_id}</h2>
        <p className="muted">
          <b>{duration(trace.duration_ms)}</b>
          <span title={trace.start}>{dateTime(at, true)}</span>
          <span>{trace.spans.length === 1 ? "1 span" : `${integer(trace.spans.length)} spans`}</span>
          <span>{trace.logs.length === 1 ? "1 log" : `${integer(trace.logs.length)} logs`}</span>
          {failed > 0 && <span className="badge bad">{integer(failed)} failed</span>}
          {trace.truncated && <span className="badge warn">only the first spans are shown</span>}
        </p>
      </div>
      <ul className="trace-legend">
        {trace.services.map((service) => (
          <li key={service} className="service-name">
            <i className="dot" style={{ color: serviceColor(service) }} />
            {service}
          </li>
        ))}
      </ul>
      <div className="trace-tools">
        {zoomed && (
          <button type="button" className="button small" onClick={onWhole} title="Show the whole trace (0)">
            <Icon name="zoomOut" small />
            Whole trace
          </button>
        )}
        <button type="button" className="button small only-wide" onClick={onFoldAll}>
          {folded ? "Unfold all" : "Fold all"}
        </button>
        <Link className="button small only-wide" href={linkTo("/logs", { ...window, q: term("trace", trace.trace_id), service: null })}>
          <Icon name="logs" small />
          In logs
        </Link>
        <CopyButton text={trace.trace_id} label={`Copy the trace id ${trace.trace_id}`} face="Id" />
        <CopyButton text={JSON.stringify(trace, null, 2)} label="Copy the trace as JSON" face="JSON" />
      </div>
    </div>
  );
}
