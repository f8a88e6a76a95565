-- Requests, which are the spans of kind Server, summed up by minute and by hour as they come in, from whatever protocol.
-- Latencies are DDSketch states: they merge, and every percentile of them is right to one per cent.

CREATE TABLE IF NOT EXISTS request_minutes
(
    Time DateTime CODEC(DoubleDelta, ZSTD(1)),
    ServiceName LowCardinality(String) CODEC(ZSTD(1)),
    SpanName LowCardinality(String) CODEC(ZSTD(1)),
    Route LowCardinality(String) CODEC(ZSTD(1)),
    StatusCode LowCardinality(String) CODEC(ZSTD(1)),
    HttpStatus LowCardinality(String) CODEC(ZSTD(1)),
    Requests SimpleAggregateFunction(sum, UInt64) CODEC(T64, ZSTD(1)),
    Latency AggregateFunction(quantilesDD(0.01, 0.5, 0.95, 0.99), UInt64) CODEC(ZSTD(1))
)
ENGINE = AggregatingMergeTree
PARTITION BY toYYYYMM(Time)
ORDER BY (Time, ServiceName, SpanName, Route, StatusCode, HttpStatus)
TTL Time + toIntervalDay(30)
SETTINGS
    non_replicated_deduplication_window = 1000, merge_with_ttl_timeout = 14400,
    string_serialization_version = 'single_stream', index_granularity = 256;

CREATE TABLE IF NOT EXISTS request_hours
(
    Time DateTime CODEC(DoubleDelta, ZSTD(1)),
    ServiceName LowCardinality(String) CODEC(ZSTD(1)),
    SpanName LowCardinality(String) CODEC(ZSTD(1)),
    Route LowCardinality(String) CODEC(ZSTD(1)),
    StatusCode LowCardinality(String) CODEC(ZSTD(1)),
    HttpStatus LowCardinality(String) CODEC(ZSTD(1)),
    Requests SimpleAggregateFunction(sum, UInt64) CODEC(T64, ZSTD(1)),
    Latency AggregateFunction(quantilesDD(0.01, 0.5, 0.95, 0.99), UInt64) CODEC(ZSTD(1))
)
ENGINE = AggregatingMergeTree
PARTITION BY toYYYYMM(Time)
ORDER BY (Time, ServiceName, SpanName, Route, StatusCode, HttpStatus)
TTL Time + toIntervalDay(365)
SETTINGS
    non_replicated_deduplication_window = 1000, merge_with_ttl_timeout = 14400,
    string_serialization_version = 'single_stream', index_granularity = 256;

CREATE MATERIALIZED VIEW IF NOT EXISTS otel_traces_minutes TO request_minutes AS
SELECT
    toStartOfMinute(toDateTime(Timestamp)) AS Time,
    ServiceName,
    SpanName,
    SpanAttributes['http.route'] AS Route,
    StatusCode,
    SpanAttributes['http.response.status_code'] AS HttpStatus,
    count() AS Requests,
    quantilesDDState(0.01, 0.5, 0.95, 0.99)(Duration) AS Latency
FROM otel_traces
WHERE SpanKind = 'Server'
GROUP BY Time, ServiceName, SpanName, Route, StatusCode, HttpStatus;

CREATE MATERIALIZED VIEW IF NOT EXISTS request_minutes_hours TO request_hours AS
SELECT
    toStartOfHour(minute.Time) AS Time,
    ServiceName,
    SpanName,
    Route,
    StatusCode,
    HttpStatus,
    sum(minute.Requests) AS Requests,
    quantilesDDMergeState(0.01, 0.5, 0.95, 0.99)(minute.Latency) AS Latency
FROM request_minutes AS minute
GROUP BY Time, ServiceName, SpanName, Route, StatusCode, HttpStatus;
