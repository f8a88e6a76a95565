import { useMemo, useState } from "react";
import type { TraceSummary } from "../../api/schema";
import { toMs } from "../../state/format";
import { useKeys } from "../../state/keys";
import { addTerm, splitTerms, term, toggleTerm, withoutKey } from "../../state/terms";
import { setWindow, useRange } from "../../state/time";
import { linkTo, navigate, setParams, useParams } from "../../state/url";
import { Icon } from "../../ui/Icon";
import { Empty, Failed } from "../../ui/States";
import { CompareView } from "../search/CompareView";
import { Nothing } from "../search/Nothing";
import { ResultFoot } from "../search/ResultFoot";
import { SearchLayout, type View } from "../search/SearchLayout";
import { DurationScatter, type Brush } from "./DurationScatter";
import { TraceList } from "./TraceList";
import { useTraces, type Traces } from "./useTraces";

const VIEWS: readonly View[] = [
  ["", "Traces"],
  ["compare", "Compare"],
];

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
  const { q = "", service = "", sort = "-start", view = "" } = useParams();
  const range = useRange();
  const query = service ? addTerm(q, term("service", service)) : q;
  const traces = useTraces(query, range);
  const rows = useMemo(() => sortTraces(traces.items, sort), [traces.items, sort]);
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

  const tools = (
    <>
      <button type="button" className="button only-wide" aria-pressed={failing} onClick={() => setParams({ q: toggleTerm(q, "status:error") })}>
        <Icon name="alert" small />
        Failed
      </button>
      <button type="button" className="button square" aria-label="Search again" title="Search again" onClick={traces.reload}>
        <Icon name="refresh" />
      </button>
    </>
  );

  return (
    <SearchLayout
      page="traces"
      signal="traces"
      q={q}
      query={query}
      error={syntaxError}
      placeholder="Search traces: status:error, duration:>500ms …"
      tools={tools}
      chart={<DurationScatter traces={traces.items} query={query} frame={traces.frame} unlistedTo={traces.unlistedTo} stale={traces.stale} onBrush={brush} onOpen={open} />}
      views={VIEWS}
      panel={null}
    >
      {view === "compare" ? (
        <CompareView signal="traces" q={q} service={service} />
      ) : (
        <>
          <Listed traces={traces} rows={rows} sort={sort} marked={marked} faulty={syntaxError !== null} query={q} />
          <ResultFoot count={rows.length} more={traces.more} elapsedMs={traces.elapsedMs} />
        </>
      )}
    </SearchLayout>
  );
}

function Listed({ traces, rows, sort, marked, faulty, query }: { traces: Traces; rows: TraceSummary[]; sort: string; marked: string; faulty: boolean; query: string }) {
  if (traces.error && !faulty) return <Failed error={traces.error} onRetry={traces.reload} />;
  if (faulty && rows.length === 0) return <Empty icon="alert" title="This search cannot be read" />;
  if (!traces.error && !traces.loading && !traces.stale && rows.length === 0) {
    return (
      <Nothing title="No trace matches" query={query}>
        Nothing was traced in this range.
      </Nothing>
    );
  }
  const slowest = rows.reduce((most, trace) => Math.max(most, trace.duration_ms), 0);
  return <TraceList rows={rows} slowest={slowest} sort={sort} marked={marked} loading={traces.loading} stale={traces.stale} onEnd={traces.loadMore} />;
}
