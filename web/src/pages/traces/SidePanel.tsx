import type { Span, Trace } from "../../api/types";
import { setParams } from "../../state/url";
import { Icon } from "../../ui/Icon";
import { SpanDetail } from "./SpanDetail";
import { TraceLogs } from "./TraceLogs";
import type { PlacedLog } from "./tree";

interface Props {
  trace: Trace;
  span: Span | null;
  logs: PlacedLog[];
  tab: "span" | "logs";
  /** On a phone the panel covers the page, so it shows only when asked for. */
  open: boolean;
}

export function SidePanel({ trace, span, logs, tab, open }: Props) {
  const own = span ? logs.filter((log) => log.record.span_id === span.span_id).length : 0;
  return (
    <>
      <aside className={open ? "card panel trace-panel open" : "card panel trace-panel"} aria-label="Details">
        <div className="panel-head">
          <div className="tabs" role="tablist" aria-label="Details">
            <button type="button" role="tab" aria-selected={tab === "logs"} onClick={() => setParams({ panel: "logs" }, "replace")}>
              Logs <span className="badge">{logs.length}</span>
            </button>
            <button type="button" role="tab" aria-selected={tab === "span"} disabled={!span} onClick={() => setParams({ panel: null }, "replace")}>
              Span
            </button>
          </div>
          <span className="spring" />
          {open && (
            <button type="button" className="button small quiet square" aria-label="Close (Esc)" title="Close (Esc)" onClick={() => setParams({ span: null, panel: null }, "replace")}>
              <Icon name="close" small />
            </button>
          )}
        </div>
        <div className="scroll panel-body" role="tabpanel" tabIndex={0} aria-label={tab === "logs" ? "Logs of this trace" : "Span"}>
          {tab === "span" && span ? <SpanDetail span={span} logCount={own} /> : <TraceLogs trace={trace} logs={logs} span={span?.span_id ?? ""} />}
        </div>
      </aside>
      {!open && (
        <button type="button" className="button primary trace-logs-button" onClick={() => setParams({ panel: "logs" }, "replace")}>
          <Icon name="logs" />
          {logs.length === 1 ? "1 log" : `${logs.length} logs`}
        </button>
      )}
    </>
  );
}
