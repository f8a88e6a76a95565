import type { Line } from "../../api/lines";
import type { SpanRecord } from "../../api/schema";
import { toMs } from "../../state/format";

export interface Node {
  span: SpanRecord;
  depth: number;
  children: Node[];
  /** Spans below this one, all levels. */
  below: number;
  /** Whether a span below this one failed, so that a folded row can say so. */
  failsBelow: boolean;
  /** The parent it names is not in the trace. */
  orphan: boolean;
}

// A span may have more children than a call can have arguments: they are pushed one by one.
function pushAll(stack: Node[], nodes: Node[]): void {
  for (const node of nodes) stack.push(node);
}

/** Set depths and sums below `start`, and cut rings where they close. */
function settle(start: Node, seen: Set<Node>): void {
  const order: Node[] = [];
  const open = [start];
  for (let node = open.pop(); node; node = open.pop()) {
    if (seen.has(node)) continue;
    seen.add(node);
    order.push(node);
    node.children = node.children.filter((child) => !seen.has(child)).sort((left, right) => left.span.offset_ms - right.span.offset_ms);
    for (const child of node.children) child.depth = node.depth + 1;
    pushAll(open, node.children);
  }
  for (const node of order.reverse()) {
    for (const child of node.children) {
      node.below += child.below + 1;
      node.failsBelow ||= child.failsBelow || child.span.status === "Error";
    }
  }
}

/** Spans as a tree, children in the order they began. Spans whose parent is missing or that form a ring are roots. */
export function buildTree(spans: SpanRecord[]): Node[] {
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
  roots.forEach((root) => settle(root, seen));
  for (const node of nodes.values()) {
    if (seen.has(node)) continue;
    roots.push(node);
    settle(node, seen);
  }
  return roots.sort((left, right) => left.span.offset_ms - right.span.offset_ms);
}

/** The rows on show, depth first, without what is folded away. */
export function flatten(roots: Node[], folded: ReadonlySet<string>): Node[] {
  const rows: Node[] = [];
  const open = [...roots].reverse();
  for (let node = open.pop(); node; node = open.pop()) {
    rows.push(node);
    if (folded.has(node.span.span_id)) continue;
    for (let at = node.children.length - 1; at >= 0; at -= 1) open.push(node.children[at] as Node);
  }
  return rows;
}

export interface PlacedLog {
  record: Line;
  offsetMs: number;
}

/** Nanoseconds beyond the milliseconds of an API time, as a fraction of a millisecond. */
function subMillis(time: string): number {
  return Number(`0.${/\.\d{3}(\d+)/.exec(time)?.[1] ?? "0"}`);
}

/** A trace's logs in time order, each at its distance from the start. */
export function placeLogs(records: Line[], start: string): PlacedLog[] {
  const zero = toMs(start) + subMillis(start);
  return records
    .map((record) => ({ record, offsetMs: toMs(record.timestamp) + subMillis(record.timestamp) - zero }))
    .sort((left, right) => left.offsetMs - right.offsetMs);
}

/** Things by the span they belong to. */
export function bySpan<T>(items: readonly T[], spanOf: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const group = groups.get(spanOf(item));
    if (group) group.push(item);
    else groups.set(spanOf(item), [item]);
  }
  return groups;
}
