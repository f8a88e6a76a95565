import type { CriticalPath, SpanRecord } from "../../api/schema";
import { number } from "../../state/format";
import { setParams } from "../../state/url";
import { Icon } from "../../ui/Icon";
import type { Figures } from "./figures";
import { PathShares } from "./PathShares";
import { SpanDetail } from "./SpanDetail";
import { TraceErrors } from "./TraceErrors";
import { TraceLogs } from "./TraceLogs";
import type { PlacedLog } from "./tree";
import type { LoadedTrace } from "./useTrace";

export type Tab = "span" | "logs" | "errors" | "path";

interface Props {
  trace: LoadedTrace;
  figures: Figures;
  span: SpanRecord | null;
  logs: PlacedLog[];
  path: CriticalPath | null;
  tab: Tab;
  /** On a phone the panel covers the page, so it shows only when asked for. */
  open: boolean;
}

export function SidePanel({ trace, figures, span, logs, path, tab, open }: Props) {
  const own = span ? logs.filter((log) => log.record.span_id === span.span_id).length : 0;
  const tabs: readonly (readonly [Tab, string, number | null, boolean])[] = [
    ["logs", "Logs", logs.length, true],
    ["errors", "Errors", figures.failed.length, figures.failed.length > 0],
    ["path", "Path", null, path !== null],
    ["span", "Span", null, span !== null],
  ];
  return (
    <>
      <aside className={open ? "card panel trace-panel open" : "card panel trace-panel"} aria-label="Details">
        <div className="panel-head">
          <div className="tabs" role="tablist" aria-label="Details">
            {tabs.map(([name, title, count, there]) => (
              <button key={name} type="button" role="tab" aria-selected={tab === name} disabled={!there} onClick={() => setParams({ panel: name === "span" ? null : name }, "replace")}>
                {title} {count !== null && <span className={name === "errors" && count ? "badge bad" : "badge"}>{number(count)}</span>}
              </button>
            ))}
          </div>
          <span className="spring" />
          {open && (
            <button type="button" className="button small quiet square" aria-label="Close (Esc)" title="Close (Esc)" onClick={() => setParams({ span: null, panel: null }, "replace")}>
              <Icon name="close" small />
            </button>
          )}
        </div>
        <div className="scroll panel-body" role="tabpanel" tabIndex={0} aria-label={tab === "logs" ? "Logs of this trace" : tab}>
          {tab === "span" && span && <SpanDetail span={span} logCount={own} />}
          {tab === "errors" && <TraceErrors failed={figures.failed} selected={span?.span_id ?? ""} />}
          {tab === "path" && path && <PathShares path={path} spans={trace.spans.length} />}
          {tab === "logs" && <TraceLogs trace={trace} logs={logs} span={span?.span_id ?? ""} />}
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
