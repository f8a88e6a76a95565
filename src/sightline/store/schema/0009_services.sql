-- Requests of each service, by five minutes and by half an hour, so that a chart need not merge the latencies of all its
-- endpoints. Both are in one table, since each further one makes every insert dearer. What the minutes have already is
-- summed up first; the table is made anew if that was cut off.

DROP VIEW IF EXISTS request_minutes_services;

DROP TABLE IF EXISTS service_requests SYNC;

CREATE TABLE IF NOT EXISTS service_requests
(
    Seconds UInt16 CODEC(ZSTD(1)),
    Time DateTime CODEC(DoubleDelta, ZSTD(1)),
    ServiceName LowCardinality(String) CODEC(ZSTD(1)),
    StatusCode LowCardinality(String) CODEC(ZSTD(1)),
    Requests SimpleAggregateFunction(sum, UInt64) CODEC(T64, ZSTD(1)),
    Latency AggregateFunction(quantilesDD(0.01, 0.5, 0.95, 0.99), UInt64) CODEC(ZSTD(1))
)
ENGINE = AggregatingMergeTree
PARTITION BY toYYYYMM(Time)
ORDER BY (Seconds, Time, ServiceName, StatusCode)
TTL Time + toIntervalDay(30)
SETTINGS
    non_replicated_deduplication_window = 1000, merge_with_ttl_timeout = 14400,
    string_serialization_version = 'single_stream', index_granularity = 32;

INSERT INTO service_requests
SELECT
    width AS Seconds,
    toDateTime(intDiv(toUnixTimestamp(minute.Time), width) * width) AS Time,
    ServiceName,
    StatusCode,
    sum(minute.Requests) AS Requests,
    quantilesDDMergeState(0.01, 0.5, 0.95, 0.99)(minute.Latency) AS Latency
FROM request_minutes AS minute
ARRAY JOIN [300, 1800] AS width
GROUP BY Seconds, Time, ServiceName, StatusCode;

CREATE MATERIALIZED VIEW IF NOT EXISTS request_minutes_services TO service_requests AS
SELECT
    width AS Seconds,
    toDateTime(intDiv(toUnixTimestamp(minute.Time), width) * width) AS Time,
    ServiceName,
    StatusCode,
    sum(minute.Requests) AS Requests,
    quantilesDDMergeState(0.01, 0.5, 0.95, 0.99)(minute.Latency) AS Latency
FROM request_minutes AS minute
ARRAY JOIN [300, 1800] AS width
GROUP BY Seconds, Time, ServiceName, StatusCode;
