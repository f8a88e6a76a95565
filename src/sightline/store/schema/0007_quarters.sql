-- Requests by quarter of an hour, so that a day's chart need not merge the latencies of all its minutes. What the minutes
-- have already is summed up first; the table is made anew if that was cut off.

DROP VIEW IF EXISTS request_minutes_quarters;

DROP TABLE IF EXISTS request_quarters SYNC;

CREATE TABLE IF NOT EXISTS request_quarters
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

INSERT INTO request_quarters
SELECT
    toStartOfFifteenMinutes(minute.Time) AS Time,
    ServiceName,
    SpanName,
    Route,
    StatusCode,
    HttpStatus,
    sum(minute.Requests) AS Requests,
    quantilesDDMergeState(0.01, 0.5, 0.95, 0.99)(minute.Latency) AS Latency
FROM request_minutes AS minute
GROUP BY Time, ServiceName, SpanName, Route, StatusCode, HttpStatus;

CREATE MATERIALIZED VIEW IF NOT EXISTS request_minutes_quarters TO request_quarters AS
SELECT
    toStartOfFifteenMinutes(minute.Time) AS Time,
    ServiceName,
    SpanName,
    Route,
    StatusCode,
    HttpStatus,
    sum(minute.Requests) AS Requests,
    quantilesDDMergeState(0.01, 0.5, 0.95, 0.99)(minute.Latency) AS Latency
FROM request_minutes AS minute
GROUP BY Time, ServiceName, SpanName, Route, StatusCode, HttpStatus;
