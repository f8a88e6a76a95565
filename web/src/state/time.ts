import { useMemo } from "react";
import type { Range } from "../api/calls";
import { setParams, useParams, type Params } from "./url";

export type TimeRange = { kind: "relative"; span: string } | { kind: "absolute"; from: number; to: number };

export const DEFAULT_SPAN = "15m";
export const SPANS: readonly (readonly [string, string])[] = [
  ["5m", "Last 5 minutes"],
  ["15m", "Last 15 minutes"],
  ["1h", "Last hour"],
  ["6h", "Last 6 hours"],
  ["24h", "Last 24 hours"],
  ["7d", "Last 7 days"],
];

const UNIT_SECONDS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86400, w: 604800 };

/** Seconds of "15m", or null when it is no span. */
export function spanSeconds(span: string): number | null {
  const match = /^(\d+)([smhdw])$/.exec(span);
  return match ? Number(match[1]) * (UNIT_SECONDS[match[2] ?? ""] ?? 0) : null;
}

export function parseRange(params: Params): TimeRange {
  const from = Date.parse(params.from ?? "");
  const to = Date.parse(params.to ?? "");
  if (from < to) return { kind: "absolute", from, to };
  const span = params.range ?? DEFAULT_SPAN;
  return { kind: "relative", span: spanSeconds(span) ? span : DEFAULT_SPAN };
}

export function useRange(): TimeRange {
  const params = useParams();
  const { range, from, to } = params;
  return useMemo(() => parseRange({ ...(range && { range }), ...(from && { from }), ...(to && { to }) }), [range, from, to]);
}

/** A relative range is passed on as it is: the server's clock decides what "now" means. */
export function rangeQuery(range: TimeRange): Range {
  if (range.kind === "relative") return { start: `-${range.span}` };
  return { start: new Date(range.from).toISOString(), end: new Date(range.to).toISOString() };
}

export function rangeSeconds(range: TimeRange): number {
  return range.kind === "relative" ? (spanSeconds(range.span) ?? 900) : (range.to - range.from) / 1000;
}

export function rangeKey(range: TimeRange): string {
  return range.kind === "relative" ? range.span : `${range.from}-${range.to}`;
}

export function setSpan(span: string): void {
  setParams({ range: span === DEFAULT_SPAN ? null : span, from: null, to: null });
}

/** Zoom to a window, in milliseconds since the epoch; at least a millisecond wide. */
export function setWindow(from: number, to: number): void {
  const start = Math.floor(from);
  const end = Math.max(start + 1, Math.ceil(to));
  setParams({ range: null, from: new Date(start).toISOString(), to: new Date(end).toISOString() });
}
