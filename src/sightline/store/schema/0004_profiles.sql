-- Profiles: one row for each stack of an interval, with the span that was running.

CREATE TABLE IF NOT EXISTS profiles
(
    Timestamp DateTime64(9) CODEC(Delta, T64, ZSTD(1)),
    Duration UInt64 CODEC(T64, ZSTD(1)),
    ServiceName LowCardinality(String) CODEC(ZSTD(1)),
    ThreadName LowCardinality(String) CODEC(ZSTD(1)),
    TraceId String CODEC(ZSTD(1)),
    SpanId String CODEC(ZSTD(1)),
    SpanName LowCardinality(String) CODEC(ZSTD(1)),
    Stack Array(LowCardinality(String)) CODEC(ZSTD(1)),
    Samples UInt64 CODEC(T64, ZSTD(1)),
    WallNanoseconds UInt64 CODEC(T64, ZSTD(1)),
    CpuNanoseconds UInt64 CODEC(T64, ZSTD(1)),
    ResourceAttributes Map(LowCardinality(String), String) CODEC(ZSTD(1)),
    INDEX idx_trace_id TraceId TYPE bloom_filter(0.001) GRANULARITY 1
)
ENGINE = MergeTree
PARTITION BY toDate(Timestamp)
ORDER BY (ServiceName, Timestamp)
TTL toDateTime(Timestamp) + toIntervalDay(14)
SETTINGS
    non_replicated_deduplication_window = 1000, merge_with_ttl_timeout = 14400, ttl_only_drop_parts = 1,
    string_serialization_version = 'single_stream';

ALTER TABLE entry ADD COLUMN IF NOT EXISTS
    stacks Array(Tuple(stack String, samples UInt64, wall UInt64, cpu UInt64, thread String, trace String, span String, name String))
    AFTER links;

CREATE MATERIALIZED VIEW IF NOT EXISTS entry_profiles TO profiles AS
SELECT
    fromUnixTimestamp64Nano(time) AS Timestamp,
    duration AS Duration,
    resource['service.name'] AS ServiceName,
    found.thread AS ThreadName,
    found.trace AS TraceId,
    found.span AS SpanId,
    found.name AS SpanName,
    splitByChar(';', found.stack) AS Stack,
    found.samples AS Samples,
    found.wall AS WallNanoseconds,
    found.cpu AS CpuNanoseconds,
    resource AS ResourceAttributes
FROM entry
ARRAY JOIN stacks AS found
WHERE kind = 'profile';
