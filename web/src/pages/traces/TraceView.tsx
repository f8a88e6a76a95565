import { useMemo, useRef, useState } from "react";
import type { Trace } from "../../api/types";
import { inList, useKeys } from "../../state/keys";
import { setParams, useParams } from "../../state/url";
import { Minimap } from "./Minimap";
import { SidePanel } from "./SidePanel";
import { TraceHeader } from "./TraceHeader";
import { Waterfall } from "./Waterfall";
import { buildTree, flatten, groupBySpan, placeLogs } from "./tree";

/** A part of the trace, in milliseconds from its start. */
export type Zoom = readonly [from: number, to: number];

function parseZoom(text: string, whole: Zoom): Zoom {
  const [from = NaN, to = NaN] = text.split("-").map(Number);
  return from < to ? [from, to] : whole;
}

/** Where the spans begin and end; a clock that is off may put one before the root. */
function extent(trace: Trace): Zoom {
  let from = 0;
  let to = trace.duration_ms;
  for (const span of trace.spans) {
    from = Math.min(from, span.offset_ms);
    to = Math.max(to, span.offset_ms + span.duration_ms);
  }
  return [from, Math.max(to, from + 0.001)];
}

export function TraceView({ trace }: { trace: Trace }) {
  const { span = "", panel = "", zoom: zoomText = "" } = useParams();
  const [folded, setFolded] = useState<ReadonlySet<string>>(new Set());
  const roots = useMemo(() => buildTree(trace.spans), [trace]);
  const rows = useMemo(() => flatten(roots, folded), [roots, folded]);
  const logs = useMemo(() => placeLogs(trace), [trace]);
  const logsOf = useMemo(() => groupBySpan(logs), [logs]);
  const whole = useMemo(() => extent(trace), [trace]);
  const zoom = useMemo(() => parseZoom(zoomText, whole), [zoomText, whole]);
  const selected = useMemo(() => trace.spans.find((one) => one.span_id === span) ?? null, [trace, span]);
  const shown = selected ?? (logs.length ? null : (roots[0]?.span ?? null));
  const list = useRef<HTMLDivElement>(null);

  const select = (id: string) => setParams({ span: id, panel: null }, "replace");
  const setZoom = (next: Zoom | null) => setParams({ zoom: next && `${next[0].toFixed(3)}-${next[1].toFixed(3)}` }, "replace");
  const fold = (id: string, folding: boolean) =>
    setFolded((before) => {
      const next = new Set(before);
      if (folding) next.add(id);
      else next.delete(id);
      return next;
    });
  const step = (by: number) => {
    const from = rows.findIndex((row) => row.span.span_id === span);
    const next = rows[Math.max(0, Math.min(rows.length - 1, from + by))];
    if (next) select(next.span.span_id);
  };
  const keys = {
    j: () => step(1),
    k: () => step(-1),
    ArrowDown: (event: KeyboardEvent) => inList(event, () => step(1)),
    ArrowUp: (event: KeyboardEvent) => inList(event, () => step(-1)),
    ArrowLeft: () => fold(span, true),
    ArrowRight: () => fold(span, false),
    "0": () => setZoom(null),
    Escape: () => (zoomText && !span ? setZoom(null) : setParams({ span: null, panel: null }, "replace")),
  };
  useKeys(keys);
  const foldable = useMemo(() => flatten(roots, new Set()).filter((row) => row.children.length && row.depth > 0), [roots]);

  return (
    <div className="trace-view">
      <TraceHeader
        trace={trace}
        zoomed={Boolean(zoomText)}
        folded={folded.size > 0}
        onFoldAll={() => setFolded(folded.size ? new Set() : new Set(foldable.map((row) => row.span.span_id)))}
        onWhole={() => setZoom(null)}
      />
      <Minimap rows={rows} whole={whole} zoom={zoom} onZoom={setZoom} />
      <div className="trace-body">
        <Waterfall rows={rows} logsOf={logsOf} zoom={zoom} selected={span} folded={folded} scroller={list} onSelect={select} onFold={fold} />
        <SidePanel trace={trace} span={shown} logs={logs} tab={panel === "logs" || !shown ? "logs" : "span"} open={Boolean(selected) || panel === "logs"} />
      </div>
    </div>
  );
}
