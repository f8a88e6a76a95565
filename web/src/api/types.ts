/** What the server answers, as documented at /openapi.json. Times are RFC 3339 text in UTC with nanoseconds. */

export type Attributes = Record<string, string>;
export type Point = [number, number | null];

export interface LogRecord {
  id: string;
  timestamp: string;
  level: string;
  severity: number;
  service: string;
  logger: string;
  body: string;
  trace_id: string;
  span_id: string;
  attributes: Attributes;
  resource: Attributes;
}

export interface LogPage {
  records: LogRecord[];
  next_cursor: string | null;
  elapsed_ms: number;
}

export interface HistogramBucket {
  time: string;
  count: number;
  levels: Record<string, number>;
}

export interface Histogram {
  start: string;
  end: string;
  step_seconds: number;
  buckets: HistogramBucket[];
  total: number;
}

export interface TraceSummary {
  trace_id: string;
  root_name: string;
  root_service: string;
  services: string[];
  start: string;
  duration_ms: number;
  span_count: number;
  error_count: number;
}

export interface TracePage {
  traces: TraceSummary[];
  next_cursor: string | null;
  elapsed_ms: number;
}

export interface SpanEvent {
  time: string;
  name: string;
  attributes: Attributes;
}

export interface SpanLink {
  trace_id?: string;
  trace?: string;
  span_id?: string;
  span?: string;
  attributes: Attributes;
}

export interface Span {
  span_id: string;
  parent_id: string;
  name: string;
  kind: string;
  service: string;
  start: string;
  offset_ms: number;
  duration_ms: number;
  status: string;
  status_message: string;
  scope: string;
  attributes: Attributes;
  resource: Attributes;
  events: SpanEvent[];
  links: SpanLink[];
}

export interface Trace {
  trace_id: string;
  start: string;
  duration_ms: number;
  services: string[];
  spans: Span[];
  logs: LogRecord[];
  truncated: boolean;
}

export interface Endpoint {
  service: string;
  endpoint: string;
  requests: number;
  errors: number;
  error_rate: number;
  p50_ms: number | null;
  p95_ms: number | null;
}

export interface Overview {
  start: string;
  end: string;
  step_seconds: number;
  services: string[];
  totals: {
    requests: number;
    errors: number;
    error_rate: number;
    p50_ms: number | null;
    p95_ms: number | null;
    p99_ms: number | null;
    logs: number;
    errors_logged: number;
    spans: number;
  };
  series: Partial<Record<"requests" | "errors" | "p50_ms" | "p95_ms" | "p99_ms" | "cpu_percent" | "memory_percent" | "disk_percent" | "process_memory_bytes", Point[]>>;
  current: {
    cpu_percent: number | null;
    memory_percent: number | null;
    memory_used_bytes: number | null;
    disk_percent: number | null;
    load1: number | null;
  };
  endpoints: Endpoint[];
}

export interface ServiceSeen {
  name: string;
  last_seen: string;
  spans: number;
  logs: number;
}

export type Counts = Record<"logs" | "spans" | "samples" | "events", number>;

export interface ProcessSeen {
  instance: string;
  pid: number;
  service: string;
  host: string;
  last_seen: string;
  alive: boolean;
}

export interface Status {
  version: string;
  uptime_seconds: number;
  accepted: Counts;
  stored: Counts;
  quarantined: number;
  lost: number;
  spool: { segments: number; bytes: number; behind_bytes: number };
  store: { path: string; bytes: number };
  processes: ProcessSeen[];
}
