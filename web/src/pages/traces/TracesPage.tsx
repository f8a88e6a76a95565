import { useMemo, useState } from "react";
import type { TraceSummary } from "../../api/types";
import { duration, toMs } from "../../state/format";
import { useKeys } from "../../state/keys";
import { addTerm, splitTerms, term, toggleTerm, withoutKey } from "../../state/terms";
import { setSpan, setWindow, useRange } from "../../state/time";
import { linkTo, navigate, setParams, useParams } from "../../state/url";
import { Icon } from "../../ui/Icon";
import { SearchBox } from "../../ui/SearchBox";
import { Empty, Failed } from "../../ui/States";
import { DurationScatter, type Brush } from "./DurationScatter";
import { TraceList } from "./TraceList";
import { useTraces } from "./useTraces";

type Sort = "start" | "duration" | "spans" | "errors";

function sortTraces(traces: TraceSummary[], sort: string): TraceSummary[] {
  const down = sort.startsWith("-");
  const key = sort.replace("-", "") as Sort;
  const value = (trace: TraceSummary) => (key === "duration" ? trace.duration_ms : key === "spans" ? trace.span_count : key === "errors" ? trace.error_count : toMs(trace.start));
  if (sort === "-start") return traces;
  return [...traces].sort((left, right) => (down ? value(right) - value(left) : value(left) - value(right)));
}

/** A bound the search language reads: whole microseconds below 10 ms. */
function bound(ms: number): string {
  return ms < 10 ? `${Math.round(ms * 1000)}us` : `${Math.round(ms)}ms`;
}

export function TracesPage() {
  const { q = "", service = "", sort = "-start" } = useParams();
  const range = useRange();
  const query = service ? addTerm(q, term("service", service)) : q;
  const traces = useTraces(query, range);
  const rows = useMemo(() => sortTraces(traces.traces, sort), [traces.traces, sort]);
  const [marked, setMarked] = useState("");
  const open = (id: string) => navigate(linkTo(`/traces/${id}`));
  const step = (by: number) => {
    const next = rows[Math.max(0, Math.min(rows.length - 1, rows.findIndex((one) => one.trace_id === marked) + by))];
    if (next) setMarked(next.trace_id);
  };
  useKeys({ j: () => step(1), k: () => step(-1), Enter: () => marked && open(marked) });

  const brush = ({ from, to, low, high }: Brush) => {
    if (low !== null && high !== null) setParams({ q: addTerm(addTerm(withoutKey(q, "duration"), `duration:>${bound(low)}`), `duration:<${bound(high)}`) });
    setWindow(from, to);
  };
  const syntaxError = traces.error?.status === 400 ? traces.error : null;
  const failing = splitTerms(q).includes("status:error");
  const slowest = rows.reduce((most, trace) => Math.max(most, trace.duration_ms), 0);

  return (
    <div className="logs traces">
      <div className="toolbar">
        <SearchBox page="traces" query={q} error={syntaxError} placeholder="Search traces: status:error, duration:>500ms …" />
        <button type="button" className="button only-wide" aria-pressed={failing} onClick={() => setParams({ q: toggleTerm(q, "status:error") })}>
          <Icon name="alert" small />
          Failed
        </button>
        <button type="button" className="button square" aria-label="Search again" title="Search again" onClick={traces.reload}>
          <Icon name="refresh" />
        </button>
      </div>
      <DurationScatter traces={traces.traces} query={query} frame={traces.frame} unlistedTo={traces.unlistedTo} stale={traces.stale} onBrush={brush} onOpen={open} />
      <div className="card logs-card">
        {traces.error && !syntaxError ? (
          <Failed error={traces.error} onRetry={traces.reload} />
        ) : syntaxError && rows.length === 0 ? (
          <Empty icon="alert" title="This search cannot be read" />
        ) : !traces.error && !traces.loading && !traces.stale && rows.length === 0 ? (
          <Empty icon="search" title="No trace matches">
            <p>{q ? "Try fewer terms, or a longer range." : "Nothing was traced in this range."}</p>
            <div className="state-actions">
              {q && (
                <button type="button" className="button" onClick={() => setParams({ q: null })}>
                  Clear the search
                </button>
              )}
              <button type="button" className="button" onClick={() => setSpan("24h")}>
                Look at the last 24 hours
              </button>
            </div>
          </Empty>
        ) : (
          <TraceList rows={rows} slowest={slowest} sort={sort} marked={marked} loading={traces.loading} stale={traces.stale} onEnd={traces.loadMore} />
        )}
        <div className="log-foot muted">
          {rows.length > 0 && (
            <>
              {rows.length} loaded{traces.more ? ", more as you scroll" : ", that is all"}
              <span className="spring" />
              found in {duration(traces.elapsedMs)}
            </>
          )}
        </div>
      </div>
    </div>
  );
}
