-- Metrics: what a series is, once, and its samples. Everything enters by the two Null tables, which number the series,
-- so that every protocol gives the same series the same number.

CREATE TABLE IF NOT EXISTS metric_series
(
    SeriesId UInt64,
    MetricName LowCardinality(String),
    -- Until a client tells a metric's type it is '', and the family is the metric's name, which the family's begins: so the least and the greatest.
    MetricFamily SimpleAggregateFunction(min, String),
    MetricType SimpleAggregateFunction(max, LowCardinality(String)),
    Unit SimpleAggregateFunction(anyLast, LowCardinality(String)),
    Description SimpleAggregateFunction(anyLast, String),
    ServiceName LowCardinality(String),
    Labels SimpleAggregateFunction(any, Map(String, String)),
    ResourceAttributes SimpleAggregateFunction(any, Map(String, String)),
    Temporality SimpleAggregateFunction(any, LowCardinality(String)),
    FirstSeen SimpleAggregateFunction(min, DateTime64(3)),
    LastSeen SimpleAggregateFunction(max, DateTime64(3))
)
ENGINE = AggregatingMergeTree
ORDER BY (MetricName, ServiceName, SeriesId)
TTL toDateTime(LastSeen) + toIntervalDay(90)
SETTINGS
    non_replicated_deduplication_window = 1000, merge_with_ttl_timeout = 14400,
    string_serialization_version = 'single_stream';

CREATE TABLE IF NOT EXISTS metric_samples
(
    SeriesId UInt64 CODEC(ZSTD(1)),
    Timestamp DateTime64(3) CODEC(DoubleDelta, ZSTD(1)),
    Value Float64 CODEC(Delta, ZSTD(1))
)
ENGINE = ReplacingMergeTree
PARTITION BY toDate(Timestamp)
ORDER BY (SeriesId, Timestamp)
TTL toDateTime(Timestamp) + toIntervalDay(90)
SETTINGS
    non_replicated_deduplication_window = 1000, merge_with_ttl_timeout = 14400, ttl_only_drop_parts = 1,
    string_serialization_version = 'single_stream', min_compress_block_size = 262144, min_bytes_for_wide_part = 1048576,
    index_granularity = 1024;

CREATE TABLE IF NOT EXISTS metric_histograms
(
    SeriesId UInt64 CODEC(ZSTD(1)),
    Timestamp DateTime64(3) CODEC(DoubleDelta, ZSTD(1)),
    Count UInt64 CODEC(ZSTD(1)),
    Sum Float64 CODEC(ZSTD(1)),
    Min Nullable(Float64) CODEC(ZSTD(1)),
    Max Nullable(Float64) CODEC(ZSTD(1)),
    Scale Int32,
    ZeroCount UInt64 CODEC(ZSTD(1)),
    ZeroThreshold Float64,
    PositiveOffset Int32,
    PositiveBuckets Array(UInt64) CODEC(ZSTD(1)),
    NegativeOffset Int32,
    NegativeBuckets Array(UInt64) CODEC(ZSTD(1))
)
ENGINE = ReplacingMergeTree
PARTITION BY toDate(Timestamp)
ORDER BY (SeriesId, Timestamp)
TTL toDateTime(Timestamp) + toIntervalDay(90)
SETTINGS
    non_replicated_deduplication_window = 1000, merge_with_ttl_timeout = 14400, ttl_only_drop_parts = 1,
    string_serialization_version = 'single_stream';

CREATE TABLE IF NOT EXISTS metric_points
(
    MetricName LowCardinality(String),
    MetricFamily LowCardinality(String),
    MetricType LowCardinality(String),
    Unit LowCardinality(String),
    Description String,
    ServiceName LowCardinality(String),
    Labels Map(LowCardinality(String), String),
    ResourceAttributes Map(LowCardinality(String), String),
    Temporality LowCardinality(String),
    Timestamp DateTime64(3),
    Value Float64,
    SeriesId UInt64 DEFAULT cityHash64(MetricName, mapSort(Labels), mapSort(ResourceAttributes))
)
ENGINE = Null;

CREATE MATERIALIZED VIEW IF NOT EXISTS metric_points_series TO metric_series AS
SELECT
    SeriesId,
    MetricName,
    any(metric_points.MetricFamily) AS MetricFamily,
    any(metric_points.MetricType) AS MetricType,
    any(metric_points.Unit) AS Unit,
    any(metric_points.Description) AS Description,
    ServiceName,
    any(metric_points.Labels) AS Labels,
    any(metric_points.ResourceAttributes) AS ResourceAttributes,
    any(metric_points.Temporality) AS Temporality,
    min(Timestamp) AS FirstSeen,
    max(Timestamp) AS LastSeen
FROM metric_points
GROUP BY SeriesId, MetricName, ServiceName;

CREATE MATERIALIZED VIEW IF NOT EXISTS metric_points_samples TO metric_samples AS
SELECT SeriesId, Timestamp, Value
FROM metric_points;

CREATE TABLE IF NOT EXISTS histogram_points
(
    MetricName LowCardinality(String),
    MetricFamily LowCardinality(String),
    Unit LowCardinality(String),
    Description String,
    ServiceName LowCardinality(String),
    Labels Map(LowCardinality(String), String),
    ResourceAttributes Map(LowCardinality(String), String),
    Temporality LowCardinality(String),
    Timestamp DateTime64(3),
    Count UInt64,
    Sum Float64,
    Min Nullable(Float64),
    Max Nullable(Float64),
    Scale Int32,
    ZeroCount UInt64,
    ZeroThreshold Float64,
    PositiveOffset Int32,
    PositiveBuckets Array(UInt64),
    NegativeOffset Int32,
    NegativeBuckets Array(UInt64),
    SeriesId UInt64 DEFAULT cityHash64(MetricName, mapSort(Labels), mapSort(ResourceAttributes))
)
ENGINE = Null;

CREATE MATERIALIZED VIEW IF NOT EXISTS histogram_points_series TO metric_series AS
SELECT
    SeriesId,
    MetricName,
    any(histogram_points.MetricFamily) AS MetricFamily,
    'histogram' AS MetricType,
    any(histogram_points.Unit) AS Unit,
    any(histogram_points.Description) AS Description,
    ServiceName,
    any(histogram_points.Labels) AS Labels,
    any(histogram_points.ResourceAttributes) AS ResourceAttributes,
    any(histogram_points.Temporality) AS Temporality,
    min(Timestamp) AS FirstSeen,
    max(Timestamp) AS LastSeen
FROM histogram_points
GROUP BY SeriesId, MetricName, ServiceName;

CREATE MATERIALIZED VIEW IF NOT EXISTS histogram_points_samples TO metric_histograms AS
SELECT
    SeriesId, Timestamp, Count, Sum, Min, Max, Scale, ZeroCount, ZeroThreshold,
    PositiveOffset, PositiveBuckets, NegativeOffset, NegativeBuckets
FROM histogram_points;
