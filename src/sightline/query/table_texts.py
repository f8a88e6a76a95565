"""What each table and each column means. A test compares it with the tables that there are."""

from __future__ import annotations

from typing import Final, NamedTuple

_RESOURCE: Final = "What recorded it: service.name, service.version, host.name, deployment.environment.name, …"
_SERVICE: Final = "Name of the service; service.name of the resource."
_SERIES: Final = "The series, a number made from name, labels and resource; joins metric_series."
_TRACE: Final = "Id of the trace, 32 hexadecimal digits; empty outside of one."
_SPAN: Final = "Id of the span, 16 hexadecimal digits; empty outside of one."


class TableText(NamedTuple):
    """A table in words: what a row is, what the columns mean, statements by what they answer."""

    row: str
    columns: dict[str, str]
    examples: dict[str, str]


TABLES: Final[dict[str, TableText]] = {
    "otel_logs": TableText(
        "A log record.",
        {
            "Timestamp": "When it was logged, UTC, to the nanosecond. Sorted and partitioned by it: say a range.",
            "TimestampTime": "The same to the second.",
            "TraceId": _TRACE,
            "SpanId": _SPAN,
            "TraceFlags": "W3C's flags of the trace; 1 is sampled.",
            "SeverityText": "DEBUG, INFO, WARNING, ERROR, CRITICAL, or what the sender calls it.",
            "SeverityNumber": "OpenTelemetry's number: from 5 DEBUG, 9 INFO, 13 WARNING, 17 ERROR, 21 CRITICAL.",
            "ServiceName": _SERVICE,
            "Body": "The message. Words are indexed: hasAllTokens(Body, 'paid').",
            "ResourceSchemaUrl": "Schema of the resource's names.",
            "ResourceAttributes": _RESOURCE,
            "ScopeSchemaUrl": "Schema of the scope's names.",
            "ScopeName": "The logger.",
            "ScopeVersion": "Version of the library that logged.",
            "ScopeAttributes": "What else is known of it.",
            "LogAttributes": "Fields of the call and of the context, and exception.type, exception.message, code.*.",
            "EventName": "Name of the event that a log is of, where the sender says so.",
        },
        {
            "Errors by service in the last hour": (
                "SELECT ServiceName, count() AS errors FROM otel_logs "
                "WHERE SeverityNumber >= 17 AND Timestamp > now() - INTERVAL 1 HOUR GROUP BY ServiceName "
                "ORDER BY errors DESC"
            ),
            "Messages with a word, newest first": (
                "SELECT Timestamp, ServiceName, Body FROM otel_logs "
                "WHERE hasAllTokens(Body, 'paid') AND Timestamp > now() - INTERVAL 1 DAY "
                "ORDER BY Timestamp DESC LIMIT 100"
            ),
        },
    ),
    "otel_traces": TableText(
        "A span, one step of a trace.",
        {
            "Timestamp": "When it began, UTC, to the nanosecond. Sorted and partitioned by it: say a range.",
            "TraceId": "Id of the trace, 32 hexadecimal digits.",
            "SpanId": "Id of the span, 16 hexadecimal digits.",
            "ParentSpanId": "Id of the span that it is part of; empty for the first of a trace.",
            "TraceState": "W3C's tracestate.",
            "SpanName": "What is done, such as GET /orders/{id}.",
            "SpanKind": "Server, Client, Internal, Producer or Consumer.",
            "ServiceName": _SERVICE,
            "ResourceAttributes": _RESOURCE,
            "ScopeName": "The library that recorded it.",
            "ScopeVersion": "Version of that library.",
            "SpanAttributes": "Fields: http.route, http.response.status_code, db.system.name, your own, …",
            "Duration": "How long it took, in nanoseconds.",
            "StatusCode": "Unset, Ok or Error.",
            "StatusMessage": "Why it failed.",
            "Events.Timestamp": "When each event on the span was.",
            "Events.Name": "Names of the events, such as exception.",
            "Events.Attributes": "Fields of the events.",
            "Links.TraceId": "Traces that the span is linked to.",
            "Links.SpanId": "Spans that it is linked to.",
            "Links.TraceState": "Their tracestate.",
            "Links.Attributes": "Fields of the links.",
        },
        {
            "The slowest routes": (
                "SELECT ServiceName, SpanName, count() AS requests, round(quantile(0.95)(Duration) / 1e6, 1) AS p95_ms "
                "FROM otel_traces WHERE SpanKind = 'Server' AND Timestamp > now() - INTERVAL 1 HOUR "
                "GROUP BY ALL ORDER BY p95_ms DESC LIMIT 10"
            ),
        },
    ),
    "events": TableText(
        "A business event, such as user_login.",
        {
            "Timestamp": "When it happened, UTC.",
            "EventName": "Which kind of event.",
            "ServiceName": _SERVICE,
            "TraceId": _TRACE,
            "SpanId": _SPAN,
            "UserId": "Who; empty where nobody is known.",
            "SessionId": "In which session.",
            "RequestId": "In which request.",
            "Data": "The event's own fields; values are text.",
            "Attributes": "Fields of the context.",
            "ResourceAttributes": _RESOURCE,
        },
        {
            "Events by name": (
                "SELECT EventName, count() AS events, uniqExact(UserId) AS users FROM events "
                "WHERE Timestamp > now() - INTERVAL 1 DAY GROUP BY EventName ORDER BY events DESC"
            ),
        },
    ),
    "metric_series": TableText(
        "A series: a metric with one set of labels, of one resource.",
        {
            "SeriesId": "The series, a number made from name, labels and resource; joins samples and histograms.",
            "MetricName": "Name, such as http_requests_total; the parts of histograms end in _bucket, _sum, _count.",
            "MetricFamily": "Name of the metric that it is part of.",
            "MetricType": "counter, gauge, histogram, summary, info; empty until a client tells it.",
            "Unit": "Unit, such as s or By.",
            "Description": "What is measured.",
            "ServiceName": _SERVICE,
            "Labels": "The labels.",
            "ResourceAttributes": _RESOURCE,
            "Temporality": "cumulative or delta; empty for gauges.",
            "FirstSeen": "Time of its first sample.",
            "LastSeen": "Time of its last sample. Rows are merged in the background: take max(LastSeen).",
        },
        {
            "Metrics that there are": (
                "SELECT MetricName, max(MetricType) AS type, uniqExact(SeriesId) AS series FROM metric_series "
                "GROUP BY MetricName ORDER BY MetricName"
            ),
        },
    ),
    "metric_samples": TableText(
        "A sample of a series.",
        {"SeriesId": _SERIES, "Timestamp": "When it was taken, UTC, to the millisecond.", "Value": "The value."},
        {
            "The last value of each series": (
                "SELECT MetricName, ServiceName, any(Labels) AS labels, argMax(Value, Timestamp) AS value "
                "FROM metric_samples INNER JOIN metric_series USING (SeriesId) "
                "WHERE Timestamp > now() - INTERVAL 1 HOUR GROUP BY SeriesId, MetricName, ServiceName "
                "ORDER BY MetricName LIMIT 100"
            ),
        },
    ),
    "metric_histograms": TableText(
        "A sample of an exponential histogram.",
        {
            "SeriesId": _SERIES,
            "Timestamp": "When it was taken, UTC, to the millisecond.",
            "Count": "Values counted.",
            "Sum": "Their sum.",
            "Min": "The least, where it was told.",
            "Max": "The greatest, where it was told.",
            "Scale": "Bounds of the buckets are powers of 2^(2^-Scale).",
            "ZeroCount": "Values that are zero, or nearer to it than ZeroThreshold.",
            "ZeroThreshold": "Half the width of the bucket around zero.",
            "PositiveOffset": "Index of the first positive bucket.",
            "PositiveBuckets": "Counts of the positive buckets.",
            "NegativeOffset": "Index of the first negative bucket.",
            "NegativeBuckets": "Counts of the negative buckets.",
        },
        {
            "Mean by metric": (
                "SELECT MetricName, sum(Sum) / sum(Count) AS mean FROM metric_histograms "
                "INNER JOIN metric_series USING (SeriesId) WHERE Count > 0 GROUP BY MetricName"
            ),
        },
    ),
    "metric_exemplars": TableText(
        "A single observation that a sample counts.",
        {
            "SeriesId": _SERIES,
            "Timestamp": "When it was made, UTC, to the millisecond.",
            "TraceId": _TRACE,
            "SpanId": _SPAN,
            "Value": "What was observed.",
            "Attributes": "What the sample leaves out of what was said of it.",
        },
        {
            "Traces of the slowest observations": (
                "SELECT MetricName, Value, TraceId FROM metric_exemplars INNER JOIN metric_series USING (SeriesId) "
                "WHERE Timestamp > now() - INTERVAL 1 HOUR AND TraceId != '' ORDER BY Value DESC LIMIT 10"
            ),
        },
    ),
    "profiles": TableText(
        "A stack that a profiler saw in an interval, with how often.",
        {
            "Timestamp": "Begin of the interval, UTC.",
            "Duration": "Length of the interval, in nanoseconds.",
            "ServiceName": _SERVICE,
            "ThreadName": "The thread.",
            "TraceId": _TRACE,
            "SpanId": _SPAN,
            "SpanName": "Name of the span that ran.",
            "Stack": "Frames from the outermost to the innermost.",
            "Samples": "How often it was seen.",
            "WallNanoseconds": "Time that it stands for, waiting included.",
            "CpuNanoseconds": "Processor time that it stands for.",
            "ResourceAttributes": _RESOURCE,
        },
        {
            "Functions that take the processor": (
                "SELECT Stack[-1] AS function, sum(CpuNanoseconds) / 1e9 AS seconds FROM profiles "
                "WHERE Timestamp > now() - INTERVAL 1 HOUR GROUP BY function ORDER BY seconds DESC LIMIT 20"
            ),
        },
    ),
    "errors": TableText(
        "Occurrences of errors once more, by their issue: logs with an exception.",
        {
            "Timestamp": "When it was logged, UTC.",
            "Fingerprint": "Name of the issue.",
            **dict.fromkeys(
                (
                    "TraceId",
                    "SpanId",
                    "SeverityText",
                    "SeverityNumber",
                    "ServiceName",
                    "Body",
                    "ScopeName",
                    "LogAttributes",
                    "ResourceAttributes",
                ),
                "As of otel_logs.",
            ),
        },
        {
            "Commonest errors of a day": (
                "SELECT Fingerprint, any(LogAttributes['exception.type']) AS type, count() AS times FROM errors "
                "WHERE Timestamp > now() - INTERVAL 1 DAY GROUP BY Fingerprint ORDER BY times DESC LIMIT 20"
            ),
        },
    ),
    "request_sums": TableText(
        "Requests of a time, summed up as they came in: the spans of kind Server, by endpoint and by service.",
        {
            "SumOf": "endpoint; or service, whose rows have all requests of a service at once. Name one.",
            "Seconds": "How long its time is: 60, 300, 1800, 3600, 21600. Name one: all count the same requests.",
            "Time": "Begin of its time, UTC.",
            "ServiceName": _SERVICE,
            "SpanName": "Name of the request's span, such as GET /orders/{id}.",
            "Route": "Template of the path; empty where the framework tells none.",
            "Method": "Method of the request; empty where it is no HTTP.",
            "Requests": "How many. Sum them: rows are merged in the background.",
            "Errors": "How many of them have the status Error.",
            "Failed": "How many have that, or a status of 400 or more.",
            "Statuses": "How many by the status of the response; sum them with sumMap.",
            "Nanoseconds": "What all took together.",
            "Longest": "What the longest took, in nanoseconds.",
            "RequestBytes": "Sizes of the requests' bodies together.",
            "ResponseBytes": "Sizes of the responses' bodies together.",
            "Latency": "Sketch of the durations in nanoseconds, right to one per cent; read it with quantilesDDMerge.",
        },
        {
            "Rate and latency by minute": (
                "SELECT Time, sum(Requests) AS requests, quantilesDDMerge(0.01, 0.5, 0.95, 0.99)(Latency) AS q, "
                "round(q[1] / 1e6, 1) AS p50_ms, round(q[2] / 1e6, 1) AS p95_ms FROM request_sums WHERE "
                "SumOf = 'service' AND Seconds = 60 AND Time > now() - INTERVAL 1 HOUR GROUP BY Time ORDER BY Time"
            ),
            "Slowest endpoints of a day": (
                "SELECT ServiceName, SpanName, sum(Requests) AS requests, "
                "round(quantilesDDMerge(0.01, 0.5, 0.95, 0.99)(Latency)[2] / 1e6, 1) AS p95_ms FROM request_sums "
                "WHERE SumOf = 'endpoint' AND Seconds = 1800 AND Time > now() - INTERVAL 1 DAY "
                "GROUP BY ServiceName, SpanName ORDER BY p95_ms DESC LIMIT 20"
            ),
            "Requests and statuses by day": (
                "SELECT toDate(Time) AS day, sum(Requests) AS requests, sumMap(Statuses) AS statuses "
                "FROM request_sums WHERE SumOf = 'service' AND Seconds = 21600 GROUP BY day ORDER BY day"
            ),
        },
    ),
    "log_minutes": TableText(
        "Logs of a minute, counted as they came in.",
        {
            "Time": "Begin of the minute, UTC.",
            "ServiceName": _SERVICE,
            "SeverityNumber": "As of otel_logs.",
            "ScopeName": "audit or security for those logs; else empty.",
            "Environment": "deployment.environment.name of the resource.",
            "Logs": "How many. Sum them: rows are merged in the background.",
            "Newest": "When the newest of them was logged.",
        },
        {
            "Logs by hour": (
                "SELECT toStartOfHour(Time) AS hour, sum(Logs) AS logs, sumIf(Logs, SeverityNumber >= 17) AS errors "
                "FROM log_minutes WHERE Time > now() - INTERVAL 1 DAY GROUP BY hour ORDER BY hour"
            ),
        },
    ),
    "span_minutes": TableText(
        "Spans of a minute, counted as they came in.",
        {
            "Time": "Begin of the minute, UTC.",
            "ServiceName": _SERVICE,
            "SpanKind": "As of otel_traces.",
            "StatusCode": "As of otel_traces.",
            "Environment": "deployment.environment.name of the resource.",
            "Spans": "How many. Sum them: rows are merged in the background.",
            "Newest": "When the newest of them began.",
        },
        {
            "Spans by service": (
                "SELECT ServiceName, sum(Spans) AS spans FROM span_minutes "
                "WHERE Time > now() - INTERVAL 1 DAY GROUP BY ServiceName ORDER BY spans DESC"
            ),
        },
    ),
    "trace_minutes": TableText(
        "A minute in which spans of a trace begin.",
        {
            "Trace": "Hash of the trace's id: cityHash64(TraceId).",
            "Time": "Begin of the minute, UTC.",
        },
        {
            "When a trace was": (
                "SELECT min(Time) AS first, max(Time) AS last FROM trace_minutes "
                "WHERE Trace = cityHash64('0af7651916cd43dd8448eb211c80319c')"
            ),
        },
    ),
}
"""Every table that keeps rows, the ones that are asked most first."""
