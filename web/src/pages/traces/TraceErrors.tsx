import type { SpanRecord } from "../../api/schema";
import { serviceColor } from "../../charts/palette";
import { duration } from "../../state/format";
import { setParams } from "../../state/url";

/** Failed spans that are listed; a trace of a hundred thousand may have as many. */
const MOST = 200;

function reasonOf(span: SpanRecord): readonly [type: string, message: string] {
  const exception = span.events.find((event) => event.name === "exception")?.attributes ?? {};
  return [exception["exception.type"] ?? "", span.status_message || (exception["exception.message"] ?? "")];
}

/** The spans that failed, in the order they began. */
export function TraceErrors({ failed, selected }: { failed: SpanRecord[]; selected: string }) {
  return (
    <ol className="trace-logs">
      {failed.slice(0, MOST).map((span) => {
        const [type, message] = reasonOf(span);
        return (
          <li key={span.span_id}>
            <button type="button" className="trace-log level-error" aria-current={span.span_id === selected} onClick={() => setParams({ span: span.span_id, panel: "errors" }, "replace")}>
              <span className="trace-log-top">
                <span className="mono muted">+{duration(span.offset_ms)}</span>
                <b className="cut">{span.name}</b>
                <span className="service-name">
                  <i className="dot" style={{ color: serviceColor(span.service) }} />
                  {span.service}
                </span>
              </span>
              {message && <span className="mono trace-log-body">{message}</span>}
              {type && <span className="badge bad">{type}</span>}
            </button>
          </li>
        );
      })}
      {failed.length > MOST && <li className="side-note">and {(failed.length - MOST).toLocaleString("en-US")} more</li>}
    </ol>
  );
}
