-- In which minutes the spans of a trace begin, sorted by a hash of its id: a trace is found by its id alone without a look
-- into every day's filters. What is stored already is taken in first; the table is made anew if that was cut off.

DROP VIEW IF EXISTS otel_traces_trace_minutes;

DROP TABLE IF EXISTS trace_minutes SYNC;

CREATE TABLE IF NOT EXISTS trace_minutes
(
    Trace UInt64 CODEC(Delta, T64, ZSTD(1)),
    Time DateTime CODEC(T64, ZSTD(1))
)
ENGINE = ReplacingMergeTree
PARTITION BY toYYYYMM(Time)
ORDER BY (Trace, Time)
TTL Time + toIntervalDay(30)
SETTINGS
    non_replicated_deduplication_window = 1000, merge_with_ttl_timeout = 14400, index_granularity = 1024;

INSERT INTO trace_minutes
SELECT cityHash64(TraceId) AS Trace, toStartOfMinute(toDateTime(Timestamp)) AS Time
FROM otel_traces;

CREATE MATERIALIZED VIEW IF NOT EXISTS otel_traces_trace_minutes TO trace_minutes AS
SELECT cityHash64(TraceId) AS Trace, toStartOfMinute(toDateTime(Timestamp)) AS Time
FROM otel_traces
GROUP BY Trace, Time;

-- Smaller blocks: a record that stands alone costs what is compressed with it, and columns of few bytes a row had the
-- values of 65,000 rows in a block. Parts are written so from now on, older ones when they are merged.

ALTER TABLE otel_logs MODIFY SETTING min_compress_block_size = 16384;

ALTER TABLE otel_traces MODIFY SETTING min_compress_block_size = 16384;
