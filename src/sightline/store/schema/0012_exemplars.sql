-- Exemplars: single observations that a sample counts, with the span in which each was made. They enter by a Null table
-- of their own, which numbers their series as those of samples do.

CREATE TABLE IF NOT EXISTS metric_exemplars
(
    SeriesId UInt64 CODEC(ZSTD(1)),
    Timestamp DateTime64(3) CODEC(DoubleDelta, ZSTD(1)),
    TraceId String CODEC(ZSTD(1)),
    SpanId String CODEC(ZSTD(1)),
    Value Float64 CODEC(ZSTD(1)),
    Attributes Map(LowCardinality(String), String) CODEC(ZSTD(1))
)
ENGINE = ReplacingMergeTree
PARTITION BY toDate(Timestamp)
ORDER BY (SeriesId, Timestamp, TraceId, SpanId, Value)
TTL toDateTime(Timestamp) + toIntervalDay(90)
SETTINGS
    non_replicated_deduplication_window = 1000, merge_with_ttl_timeout = 14400, ttl_only_drop_parts = 1,
    string_serialization_version = 'single_stream';

CREATE TABLE IF NOT EXISTS exemplar_points
(
    MetricName LowCardinality(String),
    Labels Map(LowCardinality(String), String),
    ResourceAttributes Map(LowCardinality(String), String),
    Timestamp DateTime64(3),
    TraceId String,
    SpanId String,
    Value Float64,
    Attributes Map(LowCardinality(String), String),
    SeriesId UInt64 DEFAULT cityHash64(MetricName, mapSort(Labels), mapSort(ResourceAttributes))
)
ENGINE = Null;

CREATE MATERIALIZED VIEW IF NOT EXISTS exemplar_points_exemplars TO metric_exemplars AS
SELECT SeriesId, Timestamp, TraceId, SpanId, Value, Attributes
FROM exemplar_points;
