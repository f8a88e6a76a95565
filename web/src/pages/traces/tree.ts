import type { LogRecord, Span, Trace } from "../../api/types";
import { toMs } from "../../state/format";

export interface Node {
  span: Span;
  depth: number;
  children: Node[];
  /** Spans below this one, all levels. */
  below: number;
  /** Whether a span below this one failed, so that a folded row can say so. */
  failsBelow: boolean;
  /** The parent it names is not in the trace. */
  orphan: boolean;
}

/** Spans as a tree, children in the order they began. Spans whose parent is missing or that form a ring are roots. */
export function buildTree(spans: Span[]): Node[] {
  const nodes = new Map<string, Node>();
  for (const span of spans) nodes.set(span.span_id, { span, depth: 0, children: [], below: 0, failsBelow: false, orphan: false });
  const roots: Node[] = [];
  for (const node of nodes.values()) {
    const parent = node.span.parent_id === node.span.span_id ? undefined : nodes.get(node.span.parent_id);
    node.orphan = Boolean(node.span.parent_id) && !parent;
    if (parent) parent.children.push(node);
    else roots.push(node);
  }
  const seen = new Set<Node>();
  const walk = (start: Node) => {
    const order: Node[] = [];
    const open = [start];
    for (let node = open.pop(); node; node = open.pop()) {
      if (seen.has(node)) continue;
      seen.add(node);
      order.push(node);
      node.children = node.children.filter((child) => !seen.has(child)).sort((left, right) => left.span.offset_ms - right.span.offset_ms);
      for (const child of node.children) child.depth = node.depth + 1;
      open.push(...node.children);
    }
    for (const node of order.reverse()) {
      for (const child of node.children) {
        node.below += child.below + 1;
        node.failsBelow ||= child.failsBelow || child.span.status === "Error";
      }
    }
  };
  roots.forEach(walk);
  for (const node of nodes.values()) {
    if (seen.has(node)) continue;
    roots.push(node);
    walk(node);
  }
  return roots.sort((left, right) => left.span.offset_ms - right.span.offset_ms);
}

/** The rows on show, depth first, without what is folded away. */
export function flatten(roots: Node[], folded: ReadonlySet<string>): Node[] {
  const rows: Node[] = [];
  const open = [...roots].reverse();
  for (let node = open.pop(); node; node = open.pop()) {
    rows.push(node);
    if (!folded.has(node.span.span_id)) open.push(...[...node.children].reverse());
  }
  return rows;
}

export interface PlacedLog {
  record: LogRecord;
  offsetMs: number;
}

/** Nanoseconds beyond the milliseconds of an API time, as a fraction of a millisecond. */
function subMillis(time: string): number {
  return Number(`0.${/\.\d{3}(\d+)/.exec(time)?.[1] ?? "0"}`);
}

/** The trace's logs in time order, each at its distance from the start. */
export function placeLogs(trace: Trace): PlacedLog[] {
  const zero = toMs(trace.start) + subMillis(trace.start);
  return trace.logs
    .map((record) => ({ record, offsetMs: toMs(record.timestamp) + subMillis(record.timestamp) - zero }))
    .sort((left, right) => left.offsetMs - right.offsetMs);
}

export function groupBySpan(logs: PlacedLog[]): Map<string, PlacedLog[]> {
  const groups = new Map<string, PlacedLog[]>();
  for (const log of logs) groups.set(log.record.span_id, [...(groups.get(log.record.span_id) ?? []), log]);
  return groups;
}
