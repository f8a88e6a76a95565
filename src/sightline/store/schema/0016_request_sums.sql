-- All sums of requests in one table, filled by one view, where four of each made every insert dearer: requests of an endpoint
-- and of a service as a whole, by several widths of time. What was summed up before is taken over, with what can be told of
-- the rest: the method by the span's name, times by their sketch; sizes are 0. It is made anew if that was cut off. Rows
-- of the same key are folded when a block is written, so nothing else groups them.

DROP VIEW IF EXISTS otel_traces_requests;

DROP TABLE IF EXISTS request_sums SYNC;

CREATE TABLE IF NOT EXISTS request_sums
(
    SumOf Enum8('endpoint' = 1, 'service' = 2) CODEC(ZSTD(1)),
    Seconds UInt32 CODEC(ZSTD(1)),
    Time DateTime CODEC(DoubleDelta, ZSTD(1)),
    ServiceName LowCardinality(String) CODEC(ZSTD(1)),
    SpanName LowCardinality(String) CODEC(ZSTD(1)),
    Route LowCardinality(String) CODEC(ZSTD(1)),
    Method LowCardinality(String) CODEC(ZSTD(1)),
    Requests SimpleAggregateFunction(sum, UInt64) CODEC(T64, ZSTD(1)),
    Errors SimpleAggregateFunction(sum, UInt64) CODEC(T64, ZSTD(1)),
    Failed SimpleAggregateFunction(sum, UInt64) CODEC(T64, ZSTD(1)),
    Statuses SimpleAggregateFunction(sumMap, Map(String, UInt64)) CODEC(ZSTD(1)),
    Nanoseconds SimpleAggregateFunction(sum, UInt64) CODEC(T64, ZSTD(1)),
    Longest SimpleAggregateFunction(max, UInt64) CODEC(T64, ZSTD(1)),
    RequestBytes SimpleAggregateFunction(sum, UInt64) CODEC(T64, ZSTD(1)),
    ResponseBytes SimpleAggregateFunction(sum, UInt64) CODEC(T64, ZSTD(1)),
    Latency AggregateFunction(quantilesDD(0.01, 0.5, 0.95, 0.99), UInt64) CODEC(ZSTD(1))
)
ENGINE = AggregatingMergeTree
PARTITION BY toYYYYMM(Time)
ORDER BY (SumOf, Seconds, Time, ServiceName, SpanName, Route, Method)
TTL Time + toIntervalDay(if(Seconds >= 3600, 365, 30))
SETTINGS
    non_replicated_deduplication_window = 1000, merge_with_ttl_timeout = 14400,
    string_serialization_version = 'single_stream', index_granularity = 64;

INSERT INTO request_sums
SELECT
    width.1 AS SumOf,
    width.2 AS Seconds,
    toDateTime(intDiv(toUnixTimestamp(minute.Time), width.2) * width.2) AS Time,
    ServiceName,
    if(width.1 = 'endpoint', minute.SpanName, '') AS SpanName,
    if(width.1 = 'endpoint', minute.Route, '') AS Route,
    if(width.1 = 'endpoint', extract(minute.SpanName, '^(GET|HEAD|POST|PUT|PATCH|DELETE|OPTIONS|CONNECT|TRACE) '), '') AS Method,
    Requests,
    if(StatusCode = 'Error', Requests, 0) AS Errors,
    if(StatusCode = 'Error' OR toUInt16OrZero(HttpStatus) >= 400, Requests, 0) AS Failed,
    map(toString(HttpStatus), Requests) AS Statuses,
    toUInt64(Requests * arrayAvg(arrayPopBack(minute.times))) AS Nanoseconds,
    toUInt64(minute.times[-1]) AS Longest,
    0 AS RequestBytes,
    0 AS ResponseBytes,
    Latency
FROM (
    SELECT *, finalizeAggregation(CAST(Latency, 'AggregateFunction(quantilesDD(0.01, 0.025, 0.075, 0.125, 0.175, 0.225, 0.275, 0.325, 0.375, 0.425, 0.475, 0.525, 0.575, 0.625, 0.675, 0.725, 0.775, 0.825, 0.875, 0.925, 0.975, 1.), UInt64)')) AS times
    FROM request_minutes
) AS minute
ARRAY JOIN [('endpoint', 60), ('endpoint', 300), ('endpoint', 1800), ('service', 60), ('service', 300), ('service', 1800)] AS width
SETTINGS max_block_size = 8192, min_insert_block_size_rows = 65536;

INSERT INTO request_sums
SELECT
    width.1 AS SumOf,
    width.2 AS Seconds,
    toDateTime(intDiv(toUnixTimestamp(hour.Time), width.2) * width.2) AS Time,
    ServiceName,
    if(width.1 = 'endpoint', hour.SpanName, '') AS SpanName,
    if(width.1 = 'endpoint', hour.Route, '') AS Route,
    if(width.1 = 'endpoint', extract(hour.SpanName, '^(GET|HEAD|POST|PUT|PATCH|DELETE|OPTIONS|CONNECT|TRACE) '), '') AS Method,
    Requests,
    if(StatusCode = 'Error', Requests, 0) AS Errors,
    if(StatusCode = 'Error' OR toUInt16OrZero(HttpStatus) >= 400, Requests, 0) AS Failed,
    map(toString(HttpStatus), Requests) AS Statuses,
    toUInt64(Requests * arrayAvg(arrayPopBack(hour.times))) AS Nanoseconds,
    toUInt64(hour.times[-1]) AS Longest,
    0 AS RequestBytes,
    0 AS ResponseBytes,
    Latency
FROM (
    SELECT *, finalizeAggregation(CAST(Latency, 'AggregateFunction(quantilesDD(0.01, 0.025, 0.075, 0.125, 0.175, 0.225, 0.275, 0.325, 0.375, 0.425, 0.475, 0.525, 0.575, 0.625, 0.675, 0.725, 0.775, 0.825, 0.875, 0.925, 0.975, 1.), UInt64)')) AS times
    FROM request_hours
) AS hour
ARRAY JOIN [('endpoint', 3600), ('endpoint', 21600), ('service', 3600), ('service', 21600)] AS width
SETTINGS max_block_size = 8192, min_insert_block_size_rows = 65536;

CREATE MATERIALIZED VIEW IF NOT EXISTS otel_traces_requests TO request_sums AS
SELECT
    width.1 AS SumOf,
    width.2 AS Seconds,
    toDateTime(intDiv(toUnixTimestamp(minute.At), width.2) * width.2) AS Time,
    ServiceName,
    if(width.1 = 'endpoint', minute.SpanName, '') AS SpanName,
    if(width.1 = 'endpoint', minute.Route, '') AS Route,
    if(width.1 = 'endpoint', minute.Method, '') AS Method,
    Requests,
    Errors,
    if(toUInt16OrZero(HttpStatus) >= 400, Requests, Errors) AS Failed,
    map(toString(HttpStatus), Requests) AS Statuses,
    Nanoseconds,
    Longest,
    RequestBytes,
    ResponseBytes,
    Latency
FROM (
    SELECT
        toStartOfMinute(toDateTime(Timestamp)) AS At,
        ServiceName,
        SpanName,
        SpanAttributes['http.route'] AS Route,
        SpanAttributes['http.request.method'] AS Method,
        SpanAttributes['http.response.status_code'] AS HttpStatus,
        count() AS Requests,
        countIf(StatusCode = 'Error') AS Errors,
        sum(Duration) AS Nanoseconds,
        max(Duration) AS Longest,
        sum(toUInt64OrZero(SpanAttributes['http.request.body.size'])) AS RequestBytes,
        sum(toUInt64OrZero(SpanAttributes['http.response.body.size'])) AS ResponseBytes,
        quantilesDDState(0.01, 0.5, 0.95, 0.99)(Duration) AS Latency
    FROM otel_traces
    WHERE SpanKind = 'Server'
    GROUP BY At, ServiceName, SpanName, Route, Method, HttpStatus
) AS minute
ARRAY JOIN
    [('endpoint', 60), ('endpoint', 300), ('endpoint', 1800), ('endpoint', 3600), ('endpoint', 21600),
     ('service', 60), ('service', 300), ('service', 1800), ('service', 3600), ('service', 21600)] AS width;

DROP VIEW IF EXISTS request_minutes_services;

DROP VIEW IF EXISTS request_minutes_quarters;

DROP VIEW IF EXISTS request_minutes_hours;

DROP VIEW IF EXISTS otel_traces_minutes;
