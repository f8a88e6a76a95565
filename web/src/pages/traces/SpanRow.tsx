import { levelOf, serviceColor } from "../../charts/palette";
import { duration, integer } from "../../state/format";
import { Icon } from "../../ui/Icon";
import type { Step } from "../../api/schema";
import type { Zoom } from "./TraceView";
import type { Node, PlacedLog } from "./tree";

/** Deeper spans are not moved further in, so that their names keep room. */
const DEEPEST = 14;

interface Props {
  node: Node;
  logs: PlacedLog[];
  steps: Step[];
  zoom: Zoom;
  selected: boolean;
  folded: boolean;
  onSelect: (span: string) => void;
  onFold: (span: string, folding: boolean) => void;
}

/** Nearer than this share of what is shown, two stretches are drawn as one. */
const CLOSE = 0.002;

/** The stretches of the critical path that are in view, as few as can be told apart. */
function stretches(steps: Step[], zoom: Zoom): (readonly [from: number, to: number])[] {
  const close = (zoom[1] - zoom[0]) * CLOSE;
  const found: [number, number][] = [];
  for (const step of steps) {
    const [from, to] = [Math.max(zoom[0], step.offset_ms), Math.min(zoom[1], step.offset_ms + step.duration_ms)];
    const last = found.at(-1);
    if (from >= to) continue;
    if (last && from - last[1] < close) last[1] = Math.max(last[1], to);
    else found.push([from, to]);
  }
  return found;
}

export function SpanRow({ node, logs, steps, zoom, selected, folded, onSelect, onFold }: Props) {
  const { span } = node;
  const failed = span.status === "Error";
  const width = zoom[1] - zoom[0];
  const place = (ms: number) => ((ms - zoom[0]) / width) * 100;
  const left = place(span.offset_ms);
  const right = place(span.offset_ms + span.duration_ms);
  const start = Math.max(0, left);
  const length = Math.max(0, Math.min(100, right) - start);
  return (
    <div
      id={`span-${span.span_id}`}
      role="treeitem"
      aria-level={node.depth + 1}
      aria-selected={selected}
      aria-expanded={node.children.length ? !folded : undefined}
      className={failed ? "span-row failed" : "span-row"}
      style={{ color: serviceColor(span.service) }}
      onClick={() => onSelect(span.span_id)}
    >
      <span className="span-name" style={{ paddingLeft: `calc(8px + ${Math.min(node.depth, DEEPEST)} * var(--indent))` }}>
        {node.children.length ? (
          <span
            className="span-fold"
            aria-hidden="true"
            onClick={(event) => {
              event.stopPropagation();
              onFold(span.span_id, !folded);
            }}
          >
            <Icon name={folded ? "right" : "chevron"} small />
          </span>
        ) : (
          <span className="span-fold" />
        )}
        <i className="span-stripe" />
        {failed && (
          <span className="span-alert">
            <Icon name="alert" small />
            <span className="hidden">failed</span>
          </span>
        )}
        <span className="cut">
          <b>{span.name}</b> <small>{span.service}</small>
        </span>
        {folded && <small className={node.failsBelow ? "span-below bad" : "span-below"}>+{integer(node.below)}</small>}
      </span>
      <span className="span-time">{duration(span.duration_ms)}</span>
      <span className="span-track">
        {right >= 0 && left <= 100 && (
          <i className="span-bar" style={{ left: `${start}%`, width: `max(2px, ${length}%)` }} />
        )}
        {stretches(steps, zoom).map(([from, to]) => (
          <i key={from} className="span-path" title="On the critical path" style={{ left: `${place(from)}%`, width: `max(2px, ${place(to) - place(from)}%)` }} />
        ))}
        {logs.map(({ record, offsetMs }) => {
          const at = place(offsetMs);
          return at < 0 || at > 100 ? null : <i key={record.key} className={`span-log level-${levelOf(record.level, record.severity).toLowerCase()}`} style={{ left: `${at}%` }} title={record.body} />;
        })}
      </span>
    </div>
  );
}
