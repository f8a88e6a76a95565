import { useMemo, useRef, useState } from "react";
import { fetchPath, fetchTraceLogs } from "../../api/calls";
import { useQuery } from "../../api/useQuery";
import { inList, useKeys } from "../../state/keys";
import { setParams, useParams } from "../../state/url";
import { figuresOf } from "./figures";
import { Minimap } from "./Minimap";
import { SidePanel, type Tab } from "./SidePanel";
import { TraceComparison } from "./TraceComparison";
import { TraceHeader } from "./TraceHeader";
import { Waterfall } from "./Waterfall";
import { buildTree, bySpan, flatten, placeLogs } from "./tree";
import type { LoadedTrace } from "./useTrace";

/** A part of the trace, in milliseconds from its start. */
export type Zoom = readonly [from: number, to: number];

function parseZoom(text: string, whole: Zoom): Zoom {
  const [from = NaN, to = NaN] = text.split("~").map(Number);
  return from < to ? [from, to] : whole;
}

const TABS: readonly Tab[] = ["span", "logs", "errors", "path"];

export function TraceView({ trace }: { trace: LoadedTrace }) {
  const { span = "", panel = "", zoom: zoomText = "", with: other = "" } = useParams();
  const [folded, setFolded] = useState<ReadonlySet<string>>(new Set());
  const found = useQuery(`trace logs ${trace.id}`, (signal) => fetchTraceLogs(trace.id, trace.start, signal));
  const path = useQuery(trace.whole ? `path ${trace.id}` : null, (signal) => fetchPath(trace.id, signal));
  const figures = useMemo(() => figuresOf(trace.spans), [trace]);
  const roots = useMemo(() => buildTree(trace.spans), [trace]);
  const rows = useMemo(() => flatten(roots, folded), [roots, folded]);
  const logs = useMemo(() => placeLogs(found.data ?? [], trace.start), [found.data, trace.start]);
  const logsOf = useMemo(() => bySpan(logs, (log) => log.record.span_id), [logs]);
  const stepsOf = useMemo(() => bySpan(path.data?.steps ?? [], (step) => step.span_id), [path.data]);
  const zoom = useMemo(() => parseZoom(zoomText, figures.extent), [zoomText, figures]);
  const selected = useMemo(() => trace.spans.find((one) => one.span_id === span) ?? null, [trace, span]);
  const shown = selected ?? (logs.length || !found.data ? null : (roots[0]?.span ?? null));
  const list = useRef<HTMLDivElement>(null);

  const select = (id: string) => setParams({ span: id, panel: null }, "replace");
  const setZoom = (next: Zoom | null) => setParams({ zoom: next && `${next[0].toFixed(3)}~${next[1].toFixed(3)}` }, "replace");
  const fold = (id: string, folding: boolean) =>
    setFolded((before) => {
      const next = new Set(before);
      if (folding) next.add(id);
      else next.delete(id);
      return next;
    });
  const foldAll = () => {
    const foldable = flatten(roots, new Set()).filter((row) => row.children.length && row.depth > 0);
    setFolded(folded.size ? new Set() : new Set(foldable.map((row) => row.span.span_id)));
  };
  const step = (by: number) => {
    const from = rows.findIndex((row) => row.span.span_id === span);
    const next = rows[Math.max(0, Math.min(rows.length - 1, from + by))];
    if (next) select(next.span.span_id);
  };
  useKeys({
    j: () => step(1),
    k: () => step(-1),
    ArrowDown: (event: KeyboardEvent) => inList(event, () => step(1)),
    ArrowUp: (event: KeyboardEvent) => inList(event, () => step(-1)),
    ArrowLeft: () => fold(span, true),
    ArrowRight: () => fold(span, false),
    "0": () => setZoom(null),
    Escape: () => (zoomText && !span ? setZoom(null) : setParams({ span: null, panel: null }, "replace")),
  });
  const asked = TABS.find((name) => name === panel) ?? "span";
  const tab = asked === "span" && !shown ? "logs" : asked;

  return (
    <div className="trace-view">
      <TraceHeader trace={trace} figures={figures} logs={logs} zoomed={Boolean(zoomText)} folded={folded.size > 0} onFoldAll={foldAll} onWhole={() => setZoom(null)} />
      {other ? (
        <TraceComparison before={other} after={trace.id} />
      ) : (
        <>
          <Minimap rows={rows} whole={figures.extent} zoom={zoom} onZoom={setZoom} />
          <div className="trace-body">
            <Waterfall rows={rows} logsOf={logsOf} stepsOf={stepsOf} zoom={zoom} selected={span} folded={folded} scroller={list} onSelect={select} onFold={fold} />
            <SidePanel trace={trace} figures={figures} span={shown} logs={logs} path={path.data} tab={tab} open={Boolean(selected) || panel !== ""} />
          </div>
        </>
      )}
    </div>
  );
}
