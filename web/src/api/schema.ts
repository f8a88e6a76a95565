/**
 * What the server takes and answers, for TypeScript. Written by `make docs` from the server's OpenAPI description: do
 * not edit. Times are RFC 3339 text in UTC with nanoseconds.
 */

/** A user who met an issue. */
export interface AffectedUser {
  user: string;
  count: number;
  last_seen: string;
}

/** An alert. */
export interface Alert {
  id: string;
  name: string;
  description: string;
  severity: string;
  status: string;
  created_at: string;
  updated_at: string;
  metadata: AlertMetrics;
}

/** How many alerts are active. */
export interface AlertCounts {
  total_active: number;
  by_severity: Record<string, number>;
  critical_count: number;
  high_count: number;
}

/** Whether rules are evaluated, and how many alerts are active. */
export interface AlertManager {
  running: boolean;
  active_alerts: number;
}

/** What an alert saw. */
export interface AlertMetrics {
  metrics: Record<string, number>;
}

/** Alerts that are not resolved. */
export interface Alerts {
  success: boolean;
  data: Alert[];
  count: number;
}

/** All analyses there are. */
export interface Analyses {
  analyses: Analysis[];
}

/**
 * One analysis.
 *
 * Attributes:
 *     name: what it is asked by.
 *     title: what it shows.
 *     hours: how far it looks back where no start is given.
 */
export interface Analysis {
  name: string;
  title: string;
  hours: number;
}

/** What an analysis found: a table, and the range that it covers. */
export interface AnalysisResult {
  name: string;
  title: string;
  start: string;
  end: string;
  columns: string[];
  rows: unknown[][];
  elapsed_ms: number;
}

/** The requests of the last hour; times in milliseconds, the error rate in per cent. */
export interface ApiPerformance {
  total_requests: number;
  avg_response_time: number;
  error_rate: number;
  unique_endpoints: number;
}

/** One request; *error_count* is 1 for statuses from 400 on and for what failed otherwise, else 0. */
export interface ApiRow {
  timestamp: string;
  endpoint: string;
  method: string;
  status_code: number;
  response_time_ms: number;
  request_size_bytes: number;
  response_size_bytes: number;
  error_count: number;
}

/** Requests, oldest first; the newest 10,000 at most. */
export interface ApiRows {
  success: boolean;
  data: ApiRow[];
  count: number;
  time_range_minutes: number;
}

/** The requests of some hours; zeros where there were none. */
export interface ApiSummary {
  total_requests: number;
  avg_response_time_ms: number;
  max_response_time_ms: number;
  error_count: number;
  error_rate_percent: number;
  unique_endpoints: number;
}

/** A backup: ``none``, ``running``, ``done`` or ``failed``, where it is, and how far. */
export interface Backup {
  state: string;
  path?: string;
  done_bytes?: number;
  all_bytes?: number;
  rows?: Record<string, number>;
  reason?: string;
}

/** A change of an issue's status, and who made it when. */
export interface Change {
  status: "ignored" | "regressed" | "resolved" | "unresolved";
  release: string;
  time: string;
  by: string;
}

/**
 * A function, as called by its parent, in two ranges.
 *
 * Attributes:
 *     name: module and function.
 *     parent: place of the caller in the list; -1 for the root.
 *     before: weight in the first range, with all that it called.
 *     after: weight in the second one.
 *     own_before: of the function alone.
 *     own_after: likewise.
 *     change: of its share of all, from -1 to 1; ranges may be of different length.
 */
export interface ChangedNode {
  name: string;
  parent: number;
  before: number;
  after: number;
  own_before: number;
  own_after: number;
  change: number;
}

/** Whether applications send measurements of a machine now, and when the last one was taken; null for never. */
export interface Collector {
  running: boolean;
  last_collection: string | null;
}

/** A column of an answer; the type as ClickHouse writes it. */
export interface Column {
  name: string;
  type: string;
}

/**
 * Differences, the most telling first.
 *
 * Attributes:
 *     selected: how many of the selected records were looked at.
 *     others: how many of the others were.
 *     sampled: there are more of them; the newest were looked at, and some of the others of the same time.
 *     differences: what tells them apart.
 *     elapsed_ms: how long it took.
 */
export interface Comparison {
  selected: number;
  others: number;
  sampled: boolean;
  differences: Difference[];
  elapsed_ms: number;
}

/** Suggestions, the commonest first; each takes the place of the text from *start* to *end*. */
export interface Completion {
  start: number;
  end: number;
  suggestions: Suggestion[];
  elapsed_ms: number;
}

/** The steps in their order, and what they come to by service and name, the largest first. */
export interface CriticalPath {
  trace_id: string;
  duration_ms: number;
  steps: Step[];
  shares: Share[];
}

/** The machine now; null where nothing was measured in the last five minutes of the range. */
export interface Current {
  cpu_percent: number | null;
  memory_percent: number | null;
  memory_used_bytes: number | null;
  disk_percent: number | null;
  load1: number | null;
}

/** All of a first page. */
export interface DashboardOverview {
  timestamp: string;
  system_health: SystemHealth;
  api_performance: ApiPerformance;
  alerts: AlertCounts;
  trends: Trends;
}

/** What is decided: the status; for ``resolved`` also in which release, where versions count up; and by whom. */
export interface Decide {
  status: "ignored" | "resolved" | "unresolved";
  release?: string;
  by?: string;
}

/** Records by table, that were deleted or, with ``dry_run``, would be. */
export interface Deleted {
  rows: Record<string, number>;
  dry_run: boolean;
}

/**
 * A field's value that one side has more often.
 *
 * Attributes:
 *     field: its name, as a search has it.
 *     value: the value.
 *     selected: how many of the selected records have it.
 *     selected_share: their share of those that were looked at.
 *     others: how many of the other records have it.
 *     others_share: their share.
 *     score: 0 to 1, how well it tells the sides apart; ranked by this.
 */
export interface Difference {
  field: string;
  value: string;
  selected: number;
  selected_share: number;
  others: number;
  others_share: number;
  score: number;
}

/** What was done. */
export interface Done {
  success: boolean;
  message: string;
}

/** One endpoint of a service, by the name of its spans. */
export interface Endpoint {
  service: string;
  endpoint: string;
  requests: number;
  errors: number;
  error_rate: number;
  p50_ms: number;
  p95_ms: number;
}

/** One endpoint of a service; errors are statuses from 400 on, and what failed otherwise. */
export interface EndpointFigures {
  service: string;
  method: string;
  endpoint: string;
  requests: number;
  requests_per_minute: number;
  errors: number;
  error_rate: number;
  mean_ms: number;
  p50_ms: number;
  p95_ms: number;
  p99_ms: number;
  max_ms: number;
  request_bytes: number;
  response_bytes: number;
}

/** Endpoints, the busiest first unless asked otherwise. */
export interface Endpoints {
  endpoints: EndpointFigures[];
  elapsed_ms: number;
}

/**
 * Errors whose messages are alike but for ids and numbers.
 *
 * Attributes:
 *     pattern: what they have in common.
 *     count: how many there were.
 *     share: of all errors, 0 to 1.
 *     first: when the first was.
 *     last: when the last was.
 *     examples: up to three of their messages, each a different one.
 */
export interface ErrorPattern {
  pattern: string;
  count: number;
  share: number;
  first: string;
  last: string;
  examples: string[];
}

/** The patterns of errors, the commonest first; *total* counts all errors. */
export interface ErrorPatterns {
  patterns: ErrorPattern[];
  total: number;
  elapsed_ms: number;
}

/** How many events there were when, by the values of a field; ``times`` are where the steps begin. */
export interface EventCounts {
  by: string;
  step_seconds: number;
  times: string[];
  series: EventSeries[];
  total: number;
  elapsed_ms: number;
}

/** Events, newest first, and where the next page begins; null after the last one. */
export interface EventPage {
  records: EventRecord[];
  next_cursor: string | null;
  elapsed_ms: number;
}

/** One event: what it is about in *data*, and the context in which it was recorded in *attributes*. */
export interface EventRecord {
  timestamp: string;
  name: string;
  service: string;
  trace_id: string;
  span_id: string;
  data: Record<string, string>;
  attributes: Record<string, string>;
  resource: Record<string, string>;
}

/** How many events had one value, in all and step by step; *value* is empty for those without, or with another. */
export interface EventSeries {
  value: string;
  total: number;
  counts: number[];
}

/** A statement that runs as it stands, and what it answers. */
export interface Example {
  title: string;
  sql: string;
}

/**
 * One observation.
 *
 * Attributes:
 *     timestamp: when it was made, RFC 3339.
 *     value: what was observed; null where it is no finite number.
 *     trace_id: the trace in which it was made, 32 hexadecimal digits; empty where it is not known.
 *     span_id: the span, 16 hexadecimal digits.
 *     metric: the series' own name: a histogram's is that of its bucket.
 *     labels: the series' labels.
 *     service: who observed it.
 *     attributes: what else its maker told of it.
 */
export interface Exemplar {
  timestamp: string;
  value: number | null;
  trace_id: string;
  span_id: string;
  metric: string;
  labels: Record<string, string>;
  service: string;
  attributes: Record<string, string>;
}

/** A metric's exemplars, newest first; *truncated* says that there are more. */
export interface Exemplars {
  name: string;
  exemplars: Exemplar[];
  truncated: boolean;
  elapsed_ms: number;
}

/** One day's part of an export: from *start*, included, to *end*, not included. */
export interface ExportDay {
  day: string;
  start: string;
  end: string;
  rows: number;
}

/** The days that have records, and how many; of metrics, samples that came twice are counted twice. */
export interface ExportPlan {
  kind: string;
  days: ExportDay[];
  rows: number;
}

/** The commonest values of one field; *missing* records have none. */
export interface Facet {
  field: string;
  values: ValueCount[];
  missing: number;
}

/** The values of several fields; *sampled* says that only the newest records were looked at. */
export interface Facets {
  facets: Facet[];
  records: number;
  sampled: boolean;
  elapsed_ms: number;
}

/** A field of records, and how many of those that were looked at have it. */
export interface FieldName {
  name: string;
  count: number;
}

/** Names of fields; *sampled* says that only the newest records were looked at. */
export interface FieldNames {
  fields: FieldName[];
  records: number;
  sampled: boolean;
  elapsed_ms: number;
}

/**
 * What is known of a file.
 *
 * Attributes:
 *     file: its number, which comes with each block.
 *     path: where it was seen last.
 *     device: number of the device that it was seen on.
 *     inode: its number there.
 *     stored_to: bytes from its begin that are stored, decompressed.
 *     pending: ranges behind these that come first, each in one block as it is.
 *     moved: whether it was known by its first bytes alone; nothing changes before it is opened with ``moved``.
 */
export interface FileOpened {
  file: number;
  path: string;
  device: number;
  inode: number;
  stored_to: number;
  pending: ([number, number])[];
  moved: boolean;
}

/** Two ranges as one tree, the node that changed most first among its siblings. */
export interface FlameDifference {
  weight: "cpu" | "samples" | "wall";
  before_total: number;
  after_total: number;
  nodes: ChangedNode[];
  elapsed_ms: number;
}

/**
 * A tree of calls, parents before their children, the heaviest child first.
 *
 * Attributes:
 *     weight: what is counted: nanoseconds of CPU, nanoseconds of wall time, or samples.
 *     total: of all stacks.
 *     nodes: the tree; the first one is the root and stands for all.
 *     left_out: the weight of stacks and nodes that are not drawn by themselves; it is in their callers' totals.
 *     samples: how often was looked.
 */
export interface FlameGraph {
  weight: "cpu" | "samples" | "wall";
  total: number;
  nodes: FlameNode[];
  left_out: number;
  samples: number;
  elapsed_ms: number;
}

/**
 * A function, as called by its parent.
 *
 * Attributes:
 *     name: module and function.
 *     parent: place of the caller in the list, which comes before; -1 for the root.
 *     total: of the function and all that it called.
 *     own: of the function alone.
 */
export interface FlameNode {
  name: string;
  parent: number;
  total: number;
  own: number;
}

/** The steps in their order; nobody is counted twice. */
export interface Funnel {
  by: string;
  window_seconds: number;
  steps: FunnelStep[];
  elapsed_ms: number;
}

/**
 * One step.
 *
 * Attributes:
 *     query: the search that an event of the step matches.
 *     users: how many got as far as here.
 *     share: of those who began.
 *     share_of_previous: of those who got to the step before.
 */
export interface FunnelStep {
  query: string;
  users: number;
  share: number;
  share_of_previous: number;
}

/** How many logs there were when, step by step. */
export interface Histogram {
  start: string;
  end: string;
  step_seconds: number;
  buckets: HistogramBucket[];
  total: number;
  elapsed_ms: number;
}

/** How many logs began in one step, by level. */
export interface HistogramBucket {
  time: string;
  count: number;
  levels: Record<string, number>;
}

/** How many logs, and errors among them, there were in the hour that begins at *time*. */
export interface HourCount {
  time: string;
  count: number;
  errors: number;
}

/** A group of errors, and what was decided about it; *resolved_in* is a release, empty where none was named. */
export interface Issue {
  fingerprint: string;
  type: string;
  message: string;
  service: string;
  where: string;
  category: string;
  severity: string;
  handled: boolean;
  count: number;
  users: number;
  first_seen: string;
  last_seen: string;
  first_release: string;
  last_release: string;
  trend: number[];
  status: "ignored" | "regressed" | "resolved" | "unresolved";
  resolved_in: string;
}

/**
 * One issue in full.
 *
 * Attributes:
 *     issue: as in the list; counts are those of the range.
 *     first_seen_ever: the first occurrence that is kept, within the range or before it.
 *     first_release_ever: its version.
 *     step_seconds: seconds of a step of the issue's trend.
 *     times: where the trend's steps begin.
 *     example: the newest occurrence.
 *     stacktrace: of it.
 *     facets: what the occurrences of the range have in common.
 *     affected_users: who met it, the last ones.
 *     traces: in which it happened, the newest ones.
 *     history: changes of its status, newest first.
 */
export interface IssueDetail {
  issue: Issue;
  first_seen_ever: string;
  first_release_ever: string;
  step_seconds: number;
  times: string[];
  example: LogRecord;
  stacktrace: string;
  facets: Facet[];
  affected_users: AffectedUser[];
  traces: IssueTrace[];
  history: Change[];
}

/** Issues, and where the next page begins; null after the last one. ``times`` are where the trends' steps begin. */
export interface IssuePage {
  issues: Issue[];
  total: number;
  step_seconds: number;
  times: string[];
  next_cursor: string | null;
}

/** A trace in which an issue happened. */
export interface IssueTrace {
  trace_id: string;
  span_id: string;
  time: string;
}

/** How many logs there were of one level. */
export interface LevelCount {
  level: string;
  count: number;
  share: number;
}

/** A log, with those before it and after it, all in their order. */
export interface LogContext {
  before: LogRecord[];
  record: LogRecord;
  after: LogRecord[];
  elapsed_ms: number;
}

/** Logs, and where the next page begins; null after the last one. */
export interface LogPage {
  records: LogRecord[];
  next_cursor: string | null;
  elapsed_ms: number;
}

/**
 * Lines that are one message.
 *
 * Attributes:
 *     template: the message; ``<*>`` stands for what varies.
 *     search: a search that finds its lines.
 *     count: how many there are; an estimate where only a share was read, as are the other counts.
 *     share: of all lines that match.
 *     before: how many there were in the time before, as long as this one.
 *     trend: what *count* says against *before*; ``unknown`` where nothing at all was logged before.
 *     first_seen: of the lines that were read.
 *     last_seen: likewise.
 *     counts: step by step.
 *     levels: how many there are of each level.
 *     services: how many there are of each service.
 *     examples: lines of it, at most three.
 */
export interface LogPattern {
  template: string;
  search: string;
  count: number;
  share: number;
  before: number;
  trend: "falling" | "new" | "rising" | "steady" | "unknown";
  first_seen: string;
  last_seen: string;
  counts: number[];
  levels: Record<string, number>;
  services: Record<string, number>;
  examples: string[];
}

/**
 * Patterns, the commonest first.
 *
 * Attributes:
 *     patterns: those that were asked for.
 *     found: how many there are in all.
 *     lines: how many lines match.
 *     ungrouped: lines too varied to be grouped.
 *     one_in: one line of so many was read.
 *     step_seconds: the length of a step.
 *     times: where the steps begin.
 *     elapsed_ms: how long the store worked.
 */
export interface LogPatterns {
  patterns: LogPattern[];
  found: number;
  lines: number;
  ungrouped: number;
  one_in: number;
  step_seconds: number;
  times: string[];
  elapsed_ms: number;
}

/** One log; the live tail gives the same, without an id. */
export interface LogRecord {
  timestamp: string;
  level: string;
  severity: number;
  service: string;
  logger: string;
  body: string;
  trace_id: string;
  span_id: string;
  attributes: Record<string, string>;
  resource: Record<string, string>;
  id: string;
}

/**
 * Logs of a range, counted.
 *
 * Attributes:
 *     start: from here on.
 *     end: up to here.
 *     total: all logs.
 *     errors: those of ERROR and above.
 *     error_rate: errors of all, 0 to 1.
 *     levels: by level, the commonest first.
 *     services: by service, the commonest first.
 *     loggers: by logger, the commonest first.
 *     hours: hour by hour, those without a log left out, and of more than a year the last ones.
 *     elapsed_ms: how long it took to count.
 */
export interface LogStatistics {
  start: string;
  end: string;
  total: number;
  errors: number;
  error_rate: number;
  levels: LevelCount[];
  services: NameCount[];
  loggers: NameCount[];
  hours: HourCount[];
  elapsed_ms: number;
}

/** Calls from one node to another; durations are those of the side that was called, where it sends spans. */
export interface MapEdge {
  caller: string;
  called: string;
  calls: number;
  errors: number;
  p50_ms: number;
  p95_ms: number;
}

/**
 * A service, or what services call.
 *
 * Attributes:
 *     name: of the service, database system or host.
 *     kind: ``service`` for one that sends spans, else ``database``, ``queue``, ``model`` or ``external``.
 *     calls: how many calls of it were looked at.
 *     errors: how many of them failed.
 *     requests: how many requests it answered in the whole range, spans of kind Server; null for what sends no spans,
 *         and for services behind the 1,000 with most of them.
 *     request_errors: how many of these failed, or null.
 */
export interface MapNode {
  name: string;
  kind: string;
  calls: number;
  errors: number;
  requests?: number | null;
  request_errors?: number | null;
}

/** One metric by its family's name, and how many series it has. */
export interface Metric {
  name: string;
  type: string;
  unit: string;
  description: string;
  series: number;
}

/** A metric over time; *truncated* says that there were more than 200 series. */
export interface MetricRange {
  name: string;
  aggregate: string;
  step_seconds: number;
  series: Series[];
  truncated: boolean;
  elapsed_ms: number;
}

/** Metrics by their names, and where the next page begins; null after the last one. */
export interface Metrics {
  metrics: Metric[];
  next_cursor: string | null;
  elapsed_ms: number;
}

/** ``healthy``, or ``degraded`` where a check of the server fails; see ``/health`` for the reason. */
export interface MonitoringHealth {
  status: string;
  timestamp: string;
  services: Watchers;
}

/** Each component, with its own ``status`` and what else is known of it. */
export interface MonitoringStatus {
  success: boolean;
  timestamp: string;
  version: string;
  uptime_seconds: number;
  components: Record<string, Record<string, unknown>>;
}

/** How many logs came from a service or a logger, and how many of them were errors. */
export interface NameCount {
  name: string;
  count: number;
  errors: number;
}

/** All of the overview page. */
export interface Overview {
  start: string;
  end: string;
  step_seconds: number;
  services: string[];
  totals: Totals;
  series: OverviewSeries;
  current: Current;
  endpoints: Endpoint[];
  elapsed_ms: number;
}

/** The first page's figures. */
export interface OverviewAnswer {
  success: boolean;
  data: DashboardOverview;
}

/** Figures over time: pairs of Unix seconds and a value, null where nothing was measured. */
export interface OverviewSeries {
  requests: ([number, number | null])[];
  errors: ([number, number | null])[];
  p50_ms: ([number, number | null])[];
  p95_ms: ([number, number | null])[];
  p99_ms: ([number, number | null])[];
  cpu_percent: ([number, number | null])[];
  memory_percent: ([number, number | null])[];
  disk_percent: ([number, number | null])[];
  process_memory_bytes: ([number, number | null])[];
}

/**
 * Spans of the same path of names in both traces.
 *
 * Attributes:
 *     path: services and names from the root down, ``shop: GET /``.
 *     before: figures of the first trace; null where it has none such.
 *     after: figures of the second trace; null where it has none such.
 *     change_ms: how much more of its own time the path takes in the second.
 */
export interface PathChange {
  path: string[];
  before: PathFigures | null;
  after: PathFigures | null;
  change_ms: number;
}

/** What the spans of one path come to in one trace; *self_ms* is the time that none of their children took. */
export interface PathFigures {
  count: number;
  errors: number;
  duration_ms: number;
  self_ms: number;
}

/** One process that sends, by its ``service.instance.id``; *pid* is 0 where it is not known. */
export interface Process {
  instance: string;
  pid: number;
  service: string;
  host: string;
  last_seen: string;
  alive: boolean;
}

/** Numbers of records by signal, since the server started. */
export interface Records {
  logs: number;
  spans: number;
  samples: number;
  events: number;
}

/** All tables that SQL may read. */
export interface Schema {
  tables: Table[];
}

/** One line of a chart: pairs of Unix seconds and a value, or null where there was no sample. */
export interface Series {
  labels: Record<string, string>;
  points: ([number, number | null])[];
}

/** One service: when it last sent something, and how much in the time that was asked for. */
export interface Service {
  name: string;
  last_seen: string;
  spans: number;
  logs: number;
}

/** Nodes and edges; *sampled* says that only the newest calls of the range were looked at. */
export interface ServiceMap {
  nodes: MapNode[];
  edges: MapEdge[];
  sampled: boolean;
  elapsed_ms: number;
}

/** Services by their names, and where the next page begins; null after the last one. */
export interface Services {
  services: Service[];
  next_cursor: string | null;
  elapsed_ms: number;
}

/** What one kind of span, of the same service and name, has of the critical path. */
export interface Share {
  service: string;
  name: string;
  duration_ms: number;
  share: number;
}

/** A request that took long, as it was logged. */
export interface SlowRequest {
  duration_ms: number;
  method: string;
  path: string;
  status: string;
  request_id: string;
  record: LogRecord;
}

/** The requests over a threshold, the slowest first; *total* counts all of them. */
export interface SlowRequests {
  threshold_ms: number;
  requests: SlowRequest[];
  total: number;
  elapsed_ms: number;
}

/** Something that happened within a span. */
export interface SpanEvent {
  time: string;
  name: string;
  attributes: Record<string, string>;
}

/** Another span that this one belongs with. */
export interface SpanLink {
  trace_id: string;
  span_id: string;
  trace_state: string;
  attributes: Record<string, string>;
}

/** Spans of one trace by their start, and where the next page begins; null after the last one. */
export interface SpanPage {
  trace_id: string;
  spans: SpanRecord[];
  next_cursor: string | null;
  elapsed_ms: number;
}

/** One span; *offset_ms* counts from the start of its trace. */
export interface SpanRecord {
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
  attributes: Record<string, string>;
  resource: Record<string, string>;
  events: SpanEvent[];
  links: SpanLink[];
}

/** Segments on disk; *behind_bytes* are written and not yet stored. */
export interface Spool {
  segments: number;
  bytes: number;
  behind_bytes: number;
}

/** The answer to a statement; *truncated* says that there was more, *truncated_by* which limit was met. */
export interface SqlAnswer {
  columns: Column[];
  rows: unknown[][];
  row_count: number;
  truncated: boolean;
  elapsed_ms: number;
  truncated_by?: string | null;
}

/** A statement, the values of its parameters, and how many rows at most: in JSON 1,000 unless said. */
export interface SqlQuestion {
  query: string;
  parameters?: Record<string, unknown>;
  limit?: number | null;
}

/** How the server does. */
export interface Status {
  version: string;
  uptime_seconds: number;
  accepted: Records;
  stored: Records;
  quarantined: number;
  lost: number;
  spool: Spool;
  store: StoreStatus;
  processes: Process[];
}

/**
 * A stretch of time in which one span, and none below it, kept the trace from ending.
 *
 * Attributes:
 *     span_id: the span.
 *     name: its name.
 *     service: its service.
 *     offset_ms: when the stretch began, since the start of the trace.
 *     duration_ms: how long it was.
 */
export interface Step {
  span_id: string;
  name: string;
  service: string;
  offset_ms: number;
  duration_ms: number;
}

/**
 * All tables, and when the disk will be full.
 *
 * Attributes:
 *     place: where the store is.
 *     tables: the tables that keep rows, the largest first.
 *     disk_bytes: of all tables.
 *     free_bytes: free on the store's disk; None where the disk is a server's.
 *     grown_a_day_bytes: by all tables.
 *     days_to_full: at this pace, without what retention will free; None where that cannot be told.
 */
export interface StoreStats {
  place: string;
  tables: TableStats[];
  disk_bytes: number;
  free_bytes: number | null;
  grown_a_day_bytes: number;
  days_to_full: number | null;
}

/** Where the store is, and how large its tables are. */
export interface StoreStatus {
  path: string;
  bytes: number;
}

/**
 * Text that may stand from ``start`` on.
 *
 * Attributes:
 *     text: as it is written in a search, with quotes where it needs them.
 *     kind: ``field`` or ``value``.
 *     count: how many of the newest records of the search have it.
 */
export interface Suggestion {
  text: string;
  kind: string;
  count: number;
}

/** Machine and requests over the last *time_period_hours*. */
export interface Summary {
  time_period_hours: number;
  system: SystemSummary;
  api: ApiSummary;
}

/** Machine and requests, summed up. */
export interface SummaryAnswer {
  success: boolean;
  data: Summary;
}

/** The machine at its last measurement; ``unknown`` and zeros where none was taken in the last five minutes. */
export interface SystemHealth {
  status: string;
  cpu_usage: number;
  memory_usage: number;
  disk_usage: number;
}

/** One measurement of one machine; network bytes count from its start. */
export interface SystemRow {
  timestamp: string;
  cpu_percent: number;
  memory_percent: number;
  disk_usage_percent: number;
  network_bytes_sent: number;
  network_bytes_recv: number;
  active_connections: number;
}

/** Measurements of the machines, oldest first; the newest 10,000 at most. */
export interface SystemRows {
  success: boolean;
  data: SystemRow[];
  count: number;
  time_range_minutes: number;
}

/** The machine over some hours; zeros where nothing was measured. */
export interface SystemSummary {
  avg_cpu_percent: number;
  max_cpu_percent: number;
  avg_memory_percent: number;
  max_memory_percent: number;
  avg_disk_percent: number;
  data_points: number;
}

/** A table: what one row of it is, its columns in their order, and statements to begin with. */
export interface Table {
  name: string;
  row: string;
  columns: TableColumn[];
  examples: Example[];
}

/** A column: its name, its type as ClickHouse writes it, and what it means. */
export interface TableColumn {
  name: string;
  type: string;
  meaning: string;
}

/**
 * One table.
 *
 * Attributes:
 *     table: its name.
 *     rows: how many it has.
 *     disk_bytes: bytes on disk, compressed, with indexes.
 *     raw_bytes: bytes of the values before compression.
 *     ratio: raw bytes to one byte on disk; 0 where there are none.
 *     bytes_a_row: bytes on disk for each row.
 *     grown_a_day_bytes: what the rows of the last 24 hours take on disk; 0 where rows have no time.
 */
export interface TableStats {
  table: string;
  rows: number;
  disk_bytes: number;
  raw_bytes: number;
  ratio: number;
  bytes_a_row: number;
  grown_a_day_bytes: number;
}

/** Figures of the whole range; latencies are null without requests. */
export interface Totals {
  requests: number;
  errors: number;
  error_rate: number;
  p50_ms: number | null;
  p95_ms: number | null;
  p99_ms: number | null;
  logs: number;
  errors_logged: number;
  spans: number;
}

/** One trace: spans by their start, and the logs that carry its id. */
export interface Trace {
  trace_id: string;
  start: string;
  duration_ms: number;
  services: string[];
  spans: SpanRecord[];
  logs: LogRecord[];
  truncated: boolean;
  elapsed_ms: number;
}

/** Two traces by path, the largest change of their own time first. */
export interface TraceComparison {
  before: string;
  after: string;
  before_ms: number;
  after_ms: number;
  paths: PathChange[];
}

/** Traces, and where the next page begins; null after the last one. */
export interface TracePage {
  traces: TraceSummary[];
  next_cursor: string | null;
  elapsed_ms: number;
}

/** One trace of a list. */
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

/** Which way CPU and memory went in the last hour, and their means. */
export interface Trends {
  cpu_trend: "decreasing" | "increasing" | "stable";
  memory_trend: "decreasing" | "increasing" | "stable";
  avg_cpu_last_hour: number;
  avg_memory_last_hour: number;
}

/** A value, and how many of the records that were looked at have it. */
export interface ValueCount {
  value: string;
  count: number;
}

/** What watches. */
export interface Watchers {
  metrics_collector: Collector;
  alert_manager: AlertManager;
}

type Nothing = Record<never, never>;

/** Every question, by method and path. */
export interface Api {
  DELETE: {
    /** Delete the records of a user or of a trace */
    "/api/v1/store/records": { path: Nothing; query: { user?: string; trace?: string; dry_run?: boolean }; body: never; answer: Deleted };
  };
  GET: {
    /** All analyses */
    "/api/v1/analyses": { path: Nothing; query: Nothing; body: never; answer: Analyses };
    /** Run an analysis */
    "/api/v1/analyses/{name}": { path: { name: string }; query: { start?: string | null; end?: string | null }; body: never; answer: AnalysisResult };
    /** What endpoints do */
    "/api/v1/endpoints": { path: Nothing; query: { service?: string; sort?: "requests" | "errors" | "mean" | "p95"; limit?: number; start?: string | null; end?: string | null }; body: never; answer: Endpoints };
    /** Issues */
    "/api/v1/errors": { path: Nothing; query: { query?: string; status?: "all" | "open" | "unresolved" | "resolved" | "ignored" | "regressed"; sort?: "last_seen" | "first_seen" | "count" | "users"; limit?: number; cursor?: string | null; buckets?: number; start?: string | null; end?: string | null }; body: never; answer: IssuePage };
    /** One issue */
    "/api/v1/errors/{fingerprint}": { path: { fingerprint: string }; query: { buckets?: number; start?: string | null; end?: string | null }; body: never; answer: IssueDetail };
    /** Search events */
    "/api/v1/events": { path: Nothing; query: { query?: string; limit?: number; cursor?: string | null; start?: string | null; end?: string | null }; body: never; answer: EventPage };
    /** Count events over time */
    "/api/v1/events/counts": { path: Nothing; query: { query?: string; by?: string; buckets?: number; start?: string | null; end?: string | null }; body: never; answer: EventCounts };
    /** A funnel */
    "/api/v1/events/funnel": { path: Nothing; query: { step: string[]; by?: string; window?: number; start?: string | null; end?: string | null }; body: never; answer: Funnel };
    /** What an export would have */
    "/api/v1/export/days": { path: Nothing; query: { kind: "logs" | "traces" | "events" | "profiles" | "metrics" | "histograms"; query?: string; start?: string | null; end?: string | null }; body: never; answer: ExportPlan };
    /** Search logs */
    "/api/v1/logs": { path: Nothing; query: { query?: string; limit?: number; cursor?: string | null; order?: "asc" | "desc"; start?: string | null; end?: string | null }; body: never; answer: LogPage };
    /** Logs around one */
    "/api/v1/logs/context": { path: Nothing; query: { id: string; before?: number; after?: number; of?: "process" | "service" | "everything" }; body: never; answer: LogContext };
    /** Errors that are alike */
    "/api/v1/logs/error-patterns": { path: Nothing; query: { query?: string; limit?: number; start?: string | null; end?: string | null }; body: never; answer: ErrorPatterns };
    /** Count logs over time */
    "/api/v1/logs/histogram": { path: Nothing; query: { query?: string; buckets?: number; start?: string | null; end?: string | null }; body: never; answer: Histogram };
    /** Patterns of logs */
    "/api/v1/logs/patterns": { path: Nothing; query: { query?: string; limit?: number; buckets?: number; trend?: "new" | "rising" | "steady" | "falling" | "unknown" | null; start?: string | null; end?: string | null }; body: never; answer: LogPatterns };
    /** Slow requests that were logged */
    "/api/v1/logs/slow-requests": { path: Nothing; query: { query?: string; threshold_ms?: number; limit?: number; start?: string | null; end?: string | null }; body: never; answer: SlowRequests };
    /** Count logs */
    "/api/v1/logs/statistics": { path: Nothing; query: { query?: string; start?: string | null; end?: string | null }; body: never; answer: LogStatistics };
    /** List metrics */
    "/api/v1/metrics": { path: Nothing; query: { prefix?: string; limit?: number; cursor?: string | null }; body: never; answer: Metrics };
    /** A metric's exemplars */
    "/api/v1/metrics/exemplars": { path: Nothing; query: { name: string; limit?: number; start?: string | null; end?: string | null }; body: never; answer: Exemplars };
    /** A metric over time */
    "/api/v1/metrics/range": { path: Nothing; query: { name: string; step?: string | null; by?: string; aggregate?: string | null; start?: string | null; end?: string | null }; body: never; answer: MetricRange };
    /** Alerts */
    "/api/v1/monitoring/alerts": { path: Nothing; query: Nothing; body: never; answer: Alerts };
    /** A first page */
    "/api/v1/monitoring/dashboard/overview": { path: Nothing; query: Nothing; body: never; answer: OverviewAnswer };
    /** Who watches */
    "/api/v1/monitoring/health": { path: Nothing; query: Nothing; body: never; answer: MonitoringHealth };
    /** Requests one by one */
    "/api/v1/monitoring/metrics/api": { path: Nothing; query: { minutes?: number }; body: never; answer: ApiRows };
    /** Machine and requests */
    "/api/v1/monitoring/metrics/summary": { path: Nothing; query: { hours?: number }; body: never; answer: SummaryAnswer };
    /** Measurements of machines */
    "/api/v1/monitoring/metrics/system": { path: Nothing; query: { minutes?: number }; body: never; answer: SystemRows };
    /** Each component */
    "/api/v1/monitoring/status": { path: Nothing; query: Nothing; body: never; answer: MonitoringStatus };
    /** How everything does */
    "/api/v1/overview": { path: Nothing; query: { service?: string | null; start?: string | null; end?: string | null }; body: never; answer: Overview };
    /** A flame graph */
    "/api/v1/profiles": { path: Nothing; query: { weight?: "cpu" | "wall" | "samples"; max_nodes?: number; start?: string | null; end?: string | null; service?: string; span?: string; trace?: string; thread?: string }; body: never; answer: FlameGraph };
    /** What changed between two flame graphs */
    "/api/v1/profiles/diff": { path: Nothing; query: { weight?: "cpu" | "wall" | "samples"; max_nodes?: number; start?: string | null; end?: string | null; before_start?: string | null; before_end?: string | null; service?: string; span?: string; trace?: string; thread?: string }; body: never; answer: FlameDifference };
    /** Tables and columns */
    "/api/v1/schema": { path: Nothing; query: Nothing; body: never; answer: Schema };
    /** What tells records apart */
    "/api/v1/search/compare": { path: Nothing; query: { selection: string; signal?: "logs" | "traces" | "events"; among?: string; limit?: number; start?: string | null; end?: string | null }; body: never; answer: Comparison };
    /** Complete a search */
    "/api/v1/search/complete": { path: Nothing; query: { signal?: "logs" | "traces" | "events"; text?: string; position?: number | null; limit?: number; start?: string | null; end?: string | null }; body: never; answer: Completion };
    /** Values of fields */
    "/api/v1/search/facets": { path: Nothing; query: { signal?: "logs" | "traces" | "events"; query?: string; fields?: string; prefix?: string; limit?: number; start?: string | null; end?: string | null }; body: never; answer: Facets };
    /** Names of fields */
    "/api/v1/search/fields": { path: Nothing; query: { signal?: "logs" | "traces" | "events"; query?: string; prefix?: string; start?: string | null; end?: string | null }; body: never; answer: FieldNames };
    /** Who calls whom */
    "/api/v1/service-map": { path: Nothing; query: { service?: string; start?: string | null; end?: string | null }; body: never; answer: ServiceMap };
    /** List services */
    "/api/v1/services": { path: Nothing; query: { start?: string | null; end?: string | null; limit?: number; cursor?: string | null }; body: never; answer: Services };
    /** How the server does */
    "/api/v1/status": { path: Nothing; query: Nothing; body: never; answer: Status };
    /** The last backup */
    "/api/v1/store/backups": { path: Nothing; query: Nothing; body: never; answer: Backup };
    /** What the store holds */
    "/api/v1/store/stats": { path: Nothing; query: Nothing; body: never; answer: StoreStats };
    /** Search traces */
    "/api/v1/traces": { path: Nothing; query: { query?: string; limit?: number; cursor?: string | null; start?: string | null; end?: string | null }; body: never; answer: TracePage };
    /** Two traces */
    "/api/v1/traces/compare": { path: Nothing; query: { before: string; after: string }; body: never; answer: TraceComparison };
    /** One trace */
    "/api/v1/traces/{trace_id}": { path: { trace_id: string }; query: Nothing; body: never; answer: Trace };
    /** Where its time went */
    "/api/v1/traces/{trace_id}/critical-path": { path: { trace_id: string }; query: Nothing; body: never; answer: CriticalPath };
    /** Spans, paged */
    "/api/v1/traces/{trace_id}/spans": { path: { trace_id: string }; query: { limit?: number; cursor?: string | null }; body: never; answer: SpanPage };
    /** Whether records are taken in and found */
    "/health": { path: Nothing; query: Nothing; body: never; answer: Record<string, unknown> };
  };
  POST: {
    /** Resolve, ignore or reopen an issue */
    "/api/v1/errors/{fingerprint}/status": { path: { fingerprint: string }; query: Nothing; body: Decide; answer: Change };
    /** Begin with a log file */
    "/api/v1/logs/files": { path: Nothing; query: Nothing; body: Record<string, unknown>; answer: FileOpened };
    /** Acknowledge an alert */
    "/api/v1/monitoring/alerts/{alert_id}/acknowledge": { path: { alert_id: string }; query: Nothing; body: never; answer: Done };
    /** Run SQL that reads */
    "/api/v1/sql": { path: Nothing; query: { format?: "json" | "csv" | "arrow" | "parquet" | null }; body: SqlQuestion; answer: SqlAnswer };
    /** Begin a backup */
    "/api/v1/store/backups": { path: Nothing; query: Nothing; body: never; answer: Backup };
  };
}
