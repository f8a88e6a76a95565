import { useEffect, type RefObject } from "react";
import { duration } from "../../state/format";
import { reveal, useWindowed } from "../../ui/useWindowed";
import { SpanRow } from "./SpanRow";
import type { Zoom } from "./TraceView";
import type { Step } from "../../api/schema";
import type { Node, PlacedLog } from "./tree";

export const ROW = 30;
const TICKS = 5;

interface Props {
  rows: Node[];
  logsOf: Map<string, PlacedLog[]>;
  /** Stretches of the critical path, by span. */
  stepsOf: Map<string, Step[]>;
  zoom: Zoom;
  selected: string;
  folded: ReadonlySet<string>;
  scroller: RefObject<HTMLDivElement | null>;
  onSelect: (span: string) => void;
  onFold: (span: string, folding: boolean) => void;
}

const NO_LOGS: PlacedLog[] = [];
const NO_STEPS: Step[] = [];

/** One row a span: what it is, and when. Only the rows in view are drawn. */
export function Waterfall({ rows, logsOf, stepsOf, zoom, selected, folded, scroller, onSelect, onFold }: Props) {
  const view = useWindowed(scroller, rows.length, ROW);
  useEffect(() => {
    reveal(scroller.current, rows.findIndex((row) => row.span.span_id === selected), ROW);
    // Folding changes the rows, and must not scroll.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [selected]);
  const shown = rows.slice(view.first, view.last);
  return (
    <div className="card waterfall">
      <div className="waterfall-head" aria-hidden="true">
        <span>Span</span>
        <span className="span-time">Duration</span>
        <span className="waterfall-ticks">
          {Array.from({ length: TICKS }, (_, index) => (
            <i key={index} style={{ left: `${(index / TICKS) * 100}%` }}>
              {duration(zoom[0] + ((zoom[1] - zoom[0]) * index) / TICKS)}
            </i>
          ))}
        </span>
      </div>
      <div
        ref={scroller}
        className="scroll waterfall-rows"
        role="tree"
        tabIndex={0}
        aria-label="Spans"
        aria-activedescendant={shown.some((row) => row.span.span_id === selected) ? `span-${selected}` : undefined}
      >
        <div style={{ height: view.before }} role="presentation" />
        {shown.map((node) => (
          <SpanRow key={node.span.span_id} node={node} logs={logsOf.get(node.span.span_id) ?? NO_LOGS} steps={stepsOf.get(node.span.span_id) ?? NO_STEPS} zoom={zoom} selected={node.span.span_id === selected} folded={folded.has(node.span.span_id)} onSelect={onSelect} onFold={onFold} />
        ))}
        <div style={{ height: view.after }} role="presentation" />
      </div>
    </div>
  );
}
