-- Logs and spans counted by minute as they come in, from whatever protocol, so that pages need not read them all to draw
-- how many there were. What decides how long a record is kept is kept here too, so that both are forgotten together.

CREATE TABLE IF NOT EXISTS log_minutes
(
    Time DateTime CODEC(DoubleDelta, ZSTD(1)),
    ServiceName LowCardinality(String) CODEC(ZSTD(1)),
    SeverityNumber UInt8 CODEC(ZSTD(1)),
    ScopeName LowCardinality(String) CODEC(ZSTD(1)),
    Environment LowCardinality(String) CODEC(ZSTD(1)),
    Logs SimpleAggregateFunction(sum, UInt64) CODEC(T64, ZSTD(1)),
    Newest SimpleAggregateFunction(max, DateTime64(9)) CODEC(Delta, ZSTD(1))
)
ENGINE = AggregatingMergeTree
PARTITION BY toYYYYMM(Time)
ORDER BY (Time, ServiceName, SeverityNumber, ScopeName, Environment)
TTL Time + toIntervalDay(multiIf(SeverityNumber >= 13, 90, SeverityNumber >= 9, 30, 7))
SETTINGS
    non_replicated_deduplication_window = 1000, merge_with_ttl_timeout = 14400,
    string_serialization_version = 'single_stream', index_granularity = 1024;

CREATE TABLE IF NOT EXISTS span_minutes
(
    Time DateTime CODEC(DoubleDelta, ZSTD(1)),
    ServiceName LowCardinality(String) CODEC(ZSTD(1)),
    SpanKind LowCardinality(String) CODEC(ZSTD(1)),
    StatusCode LowCardinality(String) CODEC(ZSTD(1)),
    Environment LowCardinality(String) CODEC(ZSTD(1)),
    Spans SimpleAggregateFunction(sum, UInt64) CODEC(T64, ZSTD(1)),
    Newest SimpleAggregateFunction(max, DateTime64(9)) CODEC(Delta, ZSTD(1))
)
ENGINE = AggregatingMergeTree
PARTITION BY toYYYYMM(Time)
ORDER BY (Time, ServiceName, SpanKind, StatusCode, Environment)
TTL Time + toIntervalDay(30)
SETTINGS
    non_replicated_deduplication_window = 1000, merge_with_ttl_timeout = 14400,
    string_serialization_version = 'single_stream', index_granularity = 1024;

CREATE MATERIALIZED VIEW IF NOT EXISTS otel_logs_minutes TO log_minutes AS
SELECT
    toStartOfMinute(TimestampTime) AS Time,
    ServiceName,
    SeverityNumber,
    if(otel_logs.ScopeName IN ('audit', 'security'), otel_logs.ScopeName, '') AS ScopeName,
    ResourceAttributes['deployment.environment.name'] AS Environment,
    count() AS Logs,
    max(Timestamp) AS Newest
FROM otel_logs
GROUP BY Time, ServiceName, SeverityNumber, ScopeName, Environment;

CREATE MATERIALIZED VIEW IF NOT EXISTS otel_traces_counts TO span_minutes AS
SELECT
    toStartOfMinute(toDateTime(Timestamp)) AS Time,
    ServiceName,
    SpanKind,
    StatusCode,
    ResourceAttributes['deployment.environment.name'] AS Environment,
    count() AS Spans,
    max(Timestamp) AS Newest
FROM otel_traces
GROUP BY Time, ServiceName, SpanKind, StatusCode, Environment;
