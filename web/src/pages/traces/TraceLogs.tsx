import { useMemo } from "react";
import { levelOf, serviceColor } from "../../charts/palette";
import { duration } from "../../state/format";
import { setParams } from "../../state/url";
import { Empty } from "../../ui/States";
import type { PlacedLog } from "./tree";
import type { LoadedTrace } from "./useTrace";

/** What was logged while the trace ran, in time order; a press shows the span that logged it. */
export function TraceLogs({ trace, logs, span }: { trace: LoadedTrace; logs: PlacedLog[]; span: string }) {
  const known = useMemo(() => new Set(trace.spans.map((one) => one.span_id)), [trace]);
  if (!logs.length) {
    return (
      <Empty icon="logs" title="No logs in this trace">
        <p>Lines logged inside a span carry its trace and appear here.</p>
      </Empty>
    );
  }
  return (
    <ol className="trace-logs">
      {logs.map(({ record, offsetMs }) => {
        const level = levelOf(record.level, record.severity);
        const stack = record.attributes["exception.type"];
        return (
          <li key={record.key}>
            <button type="button" className={`trace-log level-${level.toLowerCase()}`} aria-current={record.span_id === span && span !== ""} disabled={!known.has(record.span_id)} onClick={() => setParams({ span: record.span_id, panel: "logs" }, "replace")}>
              <span className="trace-log-top">
                <span className="mono muted">+{duration(offsetMs)}</span>
                <span className="level">{level}</span>
                <span className="service-name">
                  <i className="dot" style={{ color: serviceColor(record.service) }} />
                  {record.service}
                </span>
              </span>
              <span className="mono trace-log-body">{record.body}</span>
              {stack && <span className="badge bad">{stack}</span>}
            </button>
          </li>
        );
      })}
    </ol>
  );
}
