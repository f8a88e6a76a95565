-- Logs and traces, with the table and column names of the OpenTelemetry Collector's ClickHouse exporter, and events.
-- Sorted by time, so that "the newest hundred" reads a hundred rows; a day is one partition, dropped whole by retention.

CREATE TABLE IF NOT EXISTS otel_logs
(
    Timestamp DateTime64(9) CODEC(Delta, T64, ZSTD(1)) SETTINGS (min_compress_block_size = 16384),
    TimestampTime DateTime DEFAULT toDateTime(Timestamp) CODEC(DoubleDelta, ZSTD(1)),
    TraceId String CODEC(ZSTD(1)),
    SpanId String CODEC(ZSTD(1)),
    TraceFlags UInt8 CODEC(ZSTD(1)),
    SeverityText LowCardinality(String) CODEC(ZSTD(1)),
    SeverityNumber UInt8 CODEC(ZSTD(1)),
    ServiceName LowCardinality(String) CODEC(ZSTD(1)),
    Body String CODEC(ZSTD(1)),
    ResourceSchemaUrl LowCardinality(String) CODEC(ZSTD(1)),
    ResourceAttributes Map(LowCardinality(String), String) CODEC(ZSTD(3)),
    ScopeSchemaUrl LowCardinality(String) CODEC(ZSTD(1)),
    ScopeName LowCardinality(String) CODEC(ZSTD(1)),
    ScopeVersion LowCardinality(String) CODEC(ZSTD(1)),
    ScopeAttributes Map(LowCardinality(String), String) CODEC(ZSTD(1)),
    LogAttributes Map(LowCardinality(String), String) CODEC(ZSTD(6)),
    EventName LowCardinality(String) CODEC(ZSTD(1)),
    INDEX idx_body Body TYPE text(tokenizer = 'splitByNonAlpha', preprocessor = lower(Body), dictionary_block_size = 4096, posting_list_codec = 'bitpacking'),
    INDEX idx_attributes mapValues(LogAttributes) TYPE bloom_filter(0.05) GRANULARITY 1,
    INDEX idx_trace_id TraceId TYPE bloom_filter(0.001) GRANULARITY 1,
    INDEX idx_service ServiceName TYPE set(100) GRANULARITY 4,
    INDEX idx_severity SeverityNumber TYPE set(25) GRANULARITY 4
)
ENGINE = MergeTree
PARTITION BY toDate(Timestamp)
ORDER BY Timestamp
TTL TimestampTime + toIntervalDay(multiIf(SeverityNumber >= 13, 90, SeverityNumber >= 9, 30, 7))
SETTINGS
    non_replicated_deduplication_window = 1000, merge_with_ttl_timeout = 14400,
    string_serialization_version = 'single_stream', merge_selector_base = 10, min_level_for_wide_part = 1,
    index_granularity = 2048, min_compress_block_size = 65536;

CREATE TABLE IF NOT EXISTS otel_traces
(
    Timestamp DateTime64(9) CODEC(Delta, T64, ZSTD(1)) SETTINGS (min_compress_block_size = 16384),
    TraceId String CODEC(ZSTD(1)),
    SpanId String CODEC(ZSTD(1)),
    ParentSpanId String CODEC(ZSTD(1)),
    TraceState String CODEC(ZSTD(1)),
    SpanName LowCardinality(String) CODEC(ZSTD(1)),
    SpanKind LowCardinality(String) CODEC(ZSTD(1)),
    ServiceName LowCardinality(String) CODEC(ZSTD(1)),
    ResourceAttributes Map(LowCardinality(String), String) CODEC(ZSTD(1)),
    ScopeName LowCardinality(String) CODEC(ZSTD(1)),
    ScopeVersion LowCardinality(String) CODEC(ZSTD(1)),
    SpanAttributes Map(LowCardinality(String), String) CODEC(ZSTD(1)),
    Duration UInt64 CODEC(T64, ZSTD(1)),
    StatusCode LowCardinality(String) CODEC(ZSTD(1)),
    StatusMessage String CODEC(ZSTD(1)),
    Events Nested(Timestamp DateTime64(9), Name LowCardinality(String), Attributes Map(LowCardinality(String), String)) CODEC(ZSTD(1)),
    Links Nested(TraceId String, SpanId String, TraceState String, Attributes Map(LowCardinality(String), String)) CODEC(ZSTD(1)),
    INDEX idx_attributes mapValues(SpanAttributes) TYPE bloom_filter(0.05) GRANULARITY 1,
    INDEX idx_trace_id TraceId TYPE bloom_filter(0.001) GRANULARITY 1,
    INDEX idx_service ServiceName TYPE set(100) GRANULARITY 4,
    INDEX idx_duration Duration TYPE minmax GRANULARITY 1
)
ENGINE = MergeTree
PARTITION BY toDate(Timestamp)
ORDER BY Timestamp
TTL toDateTime(Timestamp) + toIntervalDay(30)
SETTINGS
    non_replicated_deduplication_window = 1000, merge_with_ttl_timeout = 14400, ttl_only_drop_parts = 1,
    string_serialization_version = 'single_stream', merge_selector_base = 10, min_level_for_wide_part = 1,
    index_granularity = 2048, min_compress_block_size = 65536;

CREATE TABLE IF NOT EXISTS events
(
    Timestamp DateTime64(9) CODEC(Delta, T64, ZSTD(1)),
    EventName LowCardinality(String) CODEC(ZSTD(1)),
    ServiceName LowCardinality(String) CODEC(ZSTD(1)),
    TraceId String CODEC(ZSTD(1)),
    SpanId String CODEC(ZSTD(1)),
    UserId String CODEC(ZSTD(1)),
    SessionId String CODEC(ZSTD(1)),
    RequestId String CODEC(ZSTD(1)),
    Data Map(LowCardinality(String), String) CODEC(ZSTD(1)),
    Attributes Map(LowCardinality(String), String) CODEC(ZSTD(1)),
    ResourceAttributes Map(LowCardinality(String), String) CODEC(ZSTD(1)),
    INDEX idx_user UserId TYPE bloom_filter(0.01) GRANULARITY 1,
    INDEX idx_trace_id TraceId TYPE bloom_filter(0.001) GRANULARITY 1
)
ENGINE = MergeTree
PARTITION BY toYYYYMM(Timestamp)
ORDER BY (EventName, Timestamp)
TTL toDateTime(Timestamp) + toIntervalDay(365)
SETTINGS
    non_replicated_deduplication_window = 1000, merge_with_ttl_timeout = 14400,
    string_serialization_version = 'single_stream';
