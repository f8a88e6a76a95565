import { serviceColor } from "../../charts/palette";
import { dateTime, duration, integer, toMs } from "../../state/format";
import { term } from "../../state/terms";
import { linkTo, setParams, useParams } from "../../state/url";
import { CopyButton } from "../../ui/CopyButton";
import { Icon } from "../../ui/Icon";
import { Link } from "../../ui/Link";
import { CompareMenu } from "./CompareMenu";
import type { Figures } from "./figures";
import type { PlacedLog } from "./tree";
import type { LoadedTrace } from "./useTrace";

interface Props {
  trace: LoadedTrace;
  figures: Figures;
  logs: PlacedLog[];
  zoomed: boolean;
  folded: boolean;
  onFoldAll: () => void;
  onWhole: () => void;
}

/** Services whose colours are named in the head; a trace may pass through hundreds. */
const NAMED = 8;

const counted = (count: number, one: string) => `${integer(count)} ${one}${count === 1 ? "" : "s"}`;

export function TraceHeader({ trace, figures, logs, zoomed, folded, onFoldAll, onWhole }: Props) {
  const { with: other } = useParams();
  const { root, failed, services, durationMs } = figures;
  const at = toMs(trace.start);
  const window = { range: null, from: new Date(at - 60_000).toISOString(), to: new Date(at + durationMs + 60_000).toISOString() };
  return (
    <div className="trace-top">
      <Link className="button quiet square" href={linkTo("/traces")} aria-label="Back to all traces" title="All traces">
        <span className="flip">
          <Icon name="right" />
        </span>
      </Link>
      <div className="trace-title">
        <h2 className="cut" title={root?.name}>
          {root?.name ?? trace.id}
        </h2>
        <p className="muted">
          <b>{duration(durationMs)}</b>
          <span title={trace.start}>{dateTime(at, true)}</span>
          <span role="status">
            {counted(trace.spans.length, "span")}
            {!trace.whole && ", loading more …"}
          </span>
          <span>{counted(logs.length, "log")}</span>
          {failed.length > 0 && <span className="badge bad">{integer(failed.length)} failed</span>}
          {trace.cut && <span className="badge warn">only its first spans are shown</span>}
        </p>
      </div>
      <ul className="trace-legend">
        {services.slice(0, NAMED).map((service) => (
          <li key={service} className="service-name">
            <i className="dot" style={{ color: serviceColor(service) }} />
            <span className="cut">{service}</span>
          </li>
        ))}
        {services.length > NAMED && <li className="muted">+{services.length - NAMED}</li>}
      </ul>
      <div className="trace-tools">
        {zoomed && !other && (
          <button type="button" className="button small" onClick={onWhole} title="Show the whole trace (0)">
            <Icon name="zoomOut" small />
            Whole trace
          </button>
        )}
        {!other && (
          <button type="button" className="button small only-wide" onClick={onFoldAll}>
            {folded ? "Unfold all" : "Fold all"}
          </button>
        )}
        {other ? (
          <button type="button" className="button small primary" onClick={() => setParams({ with: null })}>
            <Icon name="close" small />
            Stop comparing
          </button>
        ) : (
          <CompareMenu id={trace.id} root={root} at={at} />
        )}
        <Link className="button small only-wide" href={linkTo("/logs", { ...window, q: term("trace", trace.id), service: null })}>
          <Icon name="logs" small />
          In logs
        </Link>
        <span className="trace-tools only-wide">
          <CopyButton text={trace.id} label={`Copy the trace id ${trace.id}`} face="Id" />
          <CopyButton text={() => JSON.stringify({ trace_id: trace.id, spans: trace.spans, logs: logs.map((log) => log.record) }, null, 2)} label="Copy the trace as JSON" face="JSON" />
        </span>
      </div>
    </div>
  );
}
