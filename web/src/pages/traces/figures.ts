import type { SpanRecord } from "../../api/schema";
import type { Zoom } from "./TraceView";

/** What a trace comes to. */
export interface Figures {
  root: SpanRecord | undefined;
  failed: SpanRecord[];
  services: string[];
  /** Where the spans begin and end; a clock that is off may put one before the root. */
  extent: Zoom;
  durationMs: number;
}

export function figuresOf(spans: SpanRecord[]): Figures {
  const known = new Set(spans.map((span) => span.span_id));
  const services = new Set<string>();
  let [from, to] = [0, 0];
  for (const span of spans) {
    services.add(span.service);
    from = Math.min(from, span.offset_ms);
    to = Math.max(to, span.offset_ms + span.duration_ms);
  }
  return {
    root: spans.find((span) => !known.has(span.parent_id)),
    failed: spans.filter((span) => span.status === "Error"),
    services: [...services].sort(),
    extent: [from, Math.max(to, from + 0.001)],
    durationMs: to - from,
  };
}
