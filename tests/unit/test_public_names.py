"""The public names are a promise: they change on purpose, with the changelog."""

import importlib

import pytest

import sightline

DOORS = {
    "sightline.analysis": "LogAggregator LogSearchQuery",
    "sightline.errors": "ErrorCategory ErrorSeverity error_counts fingerprint track_error",
    "sightline.events": "BusinessEvent EventType audited event log_business_event",
    "sightline.health": "CheckResult HealthChecker HealthReport HealthStatus add_check answer checker cpu database "
    "disk http_service load memory redis surfaces vector_store",
    "sightline.llm": "Generation Retrieval Tool feedback generation retrieval tool",
    "sightline.logging": "LIBRARY_LEVELS ColourFormatter FieldsFormatter FluentdHandler JSONFormatter LogFileHandler "
    "Logger SecurityLogger StructuredLogger TextFormatter get_logger log_business_event log_error log_function_call "
    "log_rag_operation log_request log_security_event reset_logging setup_logging",
    "sightline.metrics": "APIMetrics MetricsCollector SystemMetrics counter gauge histogram info start_http_server "
    "summary",
    "sightline.monitoring": "APIMetrics HealthChecker MetricsCollector MonitoringSystem PerformanceMonitor "
    "PerformanceTracker initialize_monitoring_system",
    "sightline.performance": "DatabaseMonitor PerformanceMonitor PerformanceTracker Statistics TimingContext add_span "
    "end_trace get_all_statistics get_statistics record_metric start_trace time_operation track_execution_time",
    "sightline.profiling": "Profile Stack profile",
    "sightline.testing": "Captured CountingIds FakeClock capture",
}


def test_the_public_names_are_these():
    """``sightline.__all__`` is sorted, and every name in it exists."""
    assert sightline.__all__ == [
        "__version__", "bind", "clear", "configure", "context", "counter", "event", "gauge", "get_logger", "histogram",
        "instrument", "shutdown", "span", "trace_function", "unbind",
    ]  # fmt: skip
    assert all(hasattr(sightline, name) for name in sightline.__all__)


@pytest.mark.parametrize("door", DOORS)
def test_the_names_of_each_module_are_these(door):
    """Each module has the names that users' code imports from it, each with a docstring, and says so in ``__all__``."""
    module = importlib.import_module(door)

    assert sorted(DOORS[door].split()) == sorted(module.__all__)
    assert [name for name in module.__all__ if not getattr(module, name).__doc__] == []
