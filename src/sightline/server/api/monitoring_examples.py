"""Examples of what the monitoring endpoints answer, as the description of the API shows them."""

from __future__ import annotations

from typing import Final

WHEN: Final = "2026-11-20T19:00:00.000000000Z"

HEALTH: Final = {
    "status": "healthy",
    "timestamp": WHEN,
    "services": {
        "metrics_collector": {"running": True, "last_collection": WHEN},
        "alert_manager": {"running": False, "active_alerts": 0},
    },
}

ALERTS: Final = {
    "success": True,
    "data": [
        {
            "id": "a1", "name": "high_cpu_usage", "description": "CPU above 80 % for 5 minutes", "severity": "high",
            "status": "active", "created_at": WHEN, "updated_at": WHEN, "metadata": {"metrics": {"cpu_percent": 91.5}},
        }
    ],
    "count": 1,
}  # fmt: skip

OVERVIEW: Final = {
    "success": True,
    "data": {
        "timestamp": WHEN,
        "system_health": {"status": "healthy", "cpu_usage": 31.5, "memory_usage": 62.0, "disk_usage": 41.0},
        "api_performance": {
            "total_requests": 840, "avg_response_time": 15.2, "error_rate": 1.43, "unique_endpoints": 12
        },
        "alerts": {"total_active": 0, "by_severity": {}, "critical_count": 0, "high_count": 0},
        "trends": {
            "cpu_trend": "stable", "memory_trend": "increasing", "avg_cpu_last_hour": 30.2, "avg_memory_last_hour": 58.7
        },
    },
}  # fmt: skip

STATUS: Final = {
    "success": True,
    "timestamp": WHEN,
    "version": "0.1.0",
    "uptime_seconds": 912.4,
    "components": {
        "store": {"status": "ok", "answer_ms": 0.8},
        "metrics_collector": {"status": "ok", "running": True, "last_collection": WHEN},
        "alert_manager": {"status": "off", "running": False, "active_alerts": 0},
    },
}

SYSTEM: Final = {
    "success": True,
    "data": [
        {
            "timestamp": WHEN, "cpu_percent": 31.5, "memory_percent": 62.0, "disk_usage_percent": 41.0,
            "network_bytes_sent": 123456, "network_bytes_recv": 654321, "active_connections": 42,
        }
    ],
    "count": 1,
    "time_range_minutes": 60,
}  # fmt: skip

API: Final = {
    "success": True,
    "data": [
        {
            "timestamp": WHEN, "endpoint": "/orders/{id}", "method": "GET", "status_code": 200,
            "response_time_ms": 12.4, "request_size_bytes": 0, "response_size_bytes": 3000, "error_count": 0,
        }
    ],
    "count": 1,
    "time_range_minutes": 60,
}  # fmt: skip

SUMMARY: Final = {
    "success": True,
    "data": {
        "time_period_hours": 24,
        "system": {
            "avg_cpu_percent": 30.2, "max_cpu_percent": 91.5, "avg_memory_percent": 58.7, "max_memory_percent": 66.0,
            "avg_disk_percent": 41.0, "data_points": 2880,
        },
        "api": {
            "total_requests": 20160, "avg_response_time_ms": 15.2, "max_response_time_ms": 810.0, "error_count": 288,
            "error_rate_percent": 1.43, "unique_endpoints": 12,
        },
    },
}  # fmt: skip
