-- A second door, for lines of which all are logs or spans, as most are: an insert plans every view behind its door, whether
-- rows come to it or not. It has the columns of the first, in the same order.

CREATE TABLE IF NOT EXISTS record_entry
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
    stacks Array(Tuple(stack String, samples UInt64, wall UInt64, cpu UInt64, thread String, trace String, span String, name String)),
    resource Map(LowCardinality(String), String)
)
ENGINE = Null;

CREATE MATERIALIZED VIEW IF NOT EXISTS record_entry_logs TO otel_logs AS
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
FROM record_entry
WHERE kind = 'log';

CREATE MATERIALIZED VIEW IF NOT EXISTS record_entry_traces TO otel_traces AS
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
FROM record_entry
WHERE kind = 'span';
