-- Occurrences of errors once more by themselves: they are few, and strewn over all logs, whose attributes would all have
-- to be read to group them into issues. An issue's name is the fingerprint that it was recorded with; where a foreign SDK
-- gave none, it is made of the exception's type and the functions of its traceback, or else of its message.

DROP VIEW IF EXISTS otel_logs_errors;

DROP TABLE IF EXISTS errors SYNC;

CREATE TABLE IF NOT EXISTS errors
(
    Timestamp DateTime64(9) CODEC(Delta, T64, ZSTD(1)),
    Fingerprint String CODEC(ZSTD(1)),
    TraceId String CODEC(ZSTD(1)),
    SpanId String CODEC(ZSTD(1)),
    SeverityText LowCardinality(String) CODEC(ZSTD(1)),
    SeverityNumber UInt8 CODEC(ZSTD(1)),
    ServiceName LowCardinality(String) CODEC(ZSTD(1)),
    Body String CODEC(ZSTD(1)),
    ScopeName LowCardinality(String) CODEC(ZSTD(1)),
    LogAttributes Map(LowCardinality(String), String) CODEC(ZSTD(3)),
    ResourceAttributes Map(LowCardinality(String), String) CODEC(ZSTD(3))
)
ENGINE = MergeTree
PARTITION BY toYYYYMM(Timestamp)
ORDER BY Timestamp
TTL toDateTime(Timestamp) + toIntervalDay(90)
SETTINGS
    non_replicated_deduplication_window = 1000, merge_with_ttl_timeout = 14400,
    string_serialization_version = 'single_stream', index_granularity = 1024;

INSERT INTO errors
SELECT
    Timestamp,
    if(LogAttributes['error.fingerprint'] != '', LogAttributes['error.fingerprint'],
        lower(hex(cityHash64(LogAttributes['exception.type'],
            arrayStringConcat(extractAll(LogAttributes['exception.stacktrace'], '(?m), in (\\S+)$')),
            if(match(LogAttributes['exception.stacktrace'], '(?m), in (\\S+)$'), '',
                replaceRegexpAll(LogAttributes['exception.message'], '[0-9]+', '0')))))) AS Fingerprint,
    TraceId, SpanId, SeverityText, SeverityNumber, ServiceName, Body, ScopeName, LogAttributes, ResourceAttributes
FROM otel_logs
WHERE (ScopeName = 'sightline.errors' OR SeverityNumber >= 17) AND LogAttributes['exception.type'] != ''
    AND LogAttributes['error.recorded'] = '';

CREATE MATERIALIZED VIEW IF NOT EXISTS otel_logs_errors TO errors AS
SELECT
    Timestamp,
    if(LogAttributes['error.fingerprint'] != '', LogAttributes['error.fingerprint'],
        lower(hex(cityHash64(LogAttributes['exception.type'],
            arrayStringConcat(extractAll(LogAttributes['exception.stacktrace'], '(?m), in (\\S+)$')),
            if(match(LogAttributes['exception.stacktrace'], '(?m), in (\\S+)$'), '',
                replaceRegexpAll(LogAttributes['exception.message'], '[0-9]+', '0')))))) AS Fingerprint,
    TraceId, SpanId, SeverityText, SeverityNumber, ServiceName, Body, ScopeName, LogAttributes, ResourceAttributes
FROM otel_logs
WHERE (ScopeName = 'sightline.errors' OR SeverityNumber >= 17) AND LogAttributes['exception.type'] != ''
    AND LogAttributes['error.recorded'] = '';
