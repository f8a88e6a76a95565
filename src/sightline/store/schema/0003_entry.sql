-- The door for lines: a table that keeps nothing, and the views that route each kind of line to its table.
-- A deduplication token given with an insert holds in every table that is fed from here.

CREATE TABLE IF NOT EXISTS entry
(
    kind LowCardinality(String),
    time Int64,
    instance String,
    trace String,
    span String,
    severity UInt8,
    level LowCardinality(String),
    logger LowCardinality(String),
    body String,
    parent String,
    name String,
    span_kind LowCardinality(String),
    duration UInt64,
    status LowCardinality(String),
    status_message String,
    scope LowCardinality(String),
    scope_version LowCardinality(String),
    trace_state String,
    type LowCardinality(String),
    unit LowCardinality(String),
    description String,
    samples Array(Tuple(name String, attributes Map(LowCardinality(String), String), value Float64)),
    attributes Map(LowCardinality(String), String),
    data Map(LowCardinality(String), String),
    events Array(Tuple(time Int64, name String, attributes Map(LowCardinality(String), String))),
    links Array(Tuple(trace String, span String, state String, attributes Map(LowCardinality(String), String))),
    resource Map(LowCardinality(String), String)
)
ENGINE = Null;

CREATE MATERIALIZED VIEW IF NOT EXISTS entry_logs TO otel_logs AS
SELECT
    fromUnixTimestamp64Nano(time) AS Timestamp,
    toDateTime(intDiv(time, 1000000000)) AS TimestampTime,
    trace AS TraceId,
    span AS SpanId,
    level AS SeverityText,
    severity AS SeverityNumber,
    resource['service.name'] AS ServiceName,
    body AS Body,
    resource AS ResourceAttributes,
    logger AS ScopeName,
    attributes AS LogAttributes
FROM entry
WHERE kind = 'log';

CREATE MATERIALIZED VIEW IF NOT EXISTS entry_traces TO otel_traces AS
SELECT
    fromUnixTimestamp64Nano(time) AS Timestamp,
    trace AS TraceId,
    span AS SpanId,
    parent AS ParentSpanId,
    trace_state AS TraceState,
    name AS SpanName,
    if(span_kind = '', 'Internal', span_kind) AS SpanKind,
    resource['service.name'] AS ServiceName,
    resource AS ResourceAttributes,
    scope AS ScopeName,
    scope_version AS ScopeVersion,
    attributes AS SpanAttributes,
    duration AS Duration,
    if(status = '', 'Unset', status) AS StatusCode,
    status_message AS StatusMessage,
    arrayMap(event -> fromUnixTimestamp64Nano(event.1), events) AS `Events.Timestamp`,
    events.name AS `Events.Name`,
    events.attributes AS `Events.Attributes`,
    links.trace AS `Links.TraceId`,
    links.span AS `Links.SpanId`,
    links.state AS `Links.TraceState`,
    links.attributes AS `Links.Attributes`
FROM entry
WHERE kind = 'span';

CREATE MATERIALIZED VIEW IF NOT EXISTS entry_metrics TO metric_points AS
SELECT
    sample.name AS MetricName,
    entry.name AS MetricFamily,
    type AS MetricType,
    unit AS Unit,
    description AS Description,
    resource['service.name'] AS ServiceName,
    sample.attributes AS Labels,
    resource AS ResourceAttributes,
    if(type IN ('counter', 'histogram', 'summary'), 'cumulative', '') AS Temporality,
    fromUnixTimestamp64Milli(intDiv(time, 1000000)) AS Timestamp,
    sample.value AS Value,
    cityHash64(sample.name, mapSort(sample.attributes), mapSort(resource)) AS SeriesId
FROM entry
ARRAY JOIN samples AS sample
WHERE kind = 'metric';

CREATE MATERIALIZED VIEW IF NOT EXISTS entry_events TO events AS
SELECT
    fromUnixTimestamp64Nano(time) AS Timestamp,
    name AS EventName,
    resource['service.name'] AS ServiceName,
    trace AS TraceId,
    span AS SpanId,
    attributes['user_id'] AS UserId,
    attributes['session_id'] AS SessionId,
    attributes['request_id'] AS RequestId,
    data AS Data,
    attributes AS Attributes,
    resource AS ResourceAttributes
FROM entry
WHERE kind = 'event';
