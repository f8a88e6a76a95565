"""
What ``import sightline`` and ``configure()`` add to the start of a program, in time and in memory.

Each run is a fresh interpreter. The time is CPU time within it, which is the wall time of a machine that does nothing
else and whose files are in memory; the median counts. The memory is what is dirty and not shared with other processes,
beyond a bare interpreter. Peers are brought to the same point: ready to export.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile

LIMIT_MS = 60.0
LIMIT_MIB = 14.0

SERVER_PACKAGES = (
    "chdb",
    "clickhouse_connect",
    "fastapi",
    "httpx",
    "pyarrow",
    "ptars",
    "rich",
    "sqlalchemy",
    "typer",
    "uvicorn",
)
"""Packages of the server's half, none of which an application may get to see."""

PROGRAMS = {
    "bare": "",
    "import sightline": "import sightline",
    "sightline": "import sightline; sightline.configure(service='bench')",
    "sightline + metrics": "import sightline; sightline.configure(service='bench'); sightline.counter('a').inc()",
    "opentelemetry": """
from opentelemetry.exporter.otlp.proto.http._log_exporter import OTLPLogExporter
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk._logs.export import BatchLogRecordProcessor
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
spans, logs = TracerProvider(), LoggerProvider()
spans.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(endpoint="http://127.0.0.1:9/v1/traces")))
logs.add_log_record_processor(BatchLogRecordProcessor(OTLPLogExporter(endpoint="http://127.0.0.1:9/v1/logs")))
""",
    "logfire": "import logfire; logfire.configure(send_to_logfire=False, console=False)",
    "sentry-sdk": "import sentry_sdk; sentry_sdk.init('http://key@127.0.0.1:9/1', traces_sample_rate=1.0)",
}

HARNESS = """
import time
start = time.process_time()
{program}
elapsed = time.process_time() - start
dirty = 0
for line in open("/proc/self/smaps_rollup"):
    if line.startswith("Private_Dirty:"):
        dirty = int(line.split()[1])
import os, sys
found = [name for name in {packages!r} if name in sys.modules]
os.write(1, ("%f %d %s" % (elapsed * 1e3, dirty, ",".join(found))).encode())
os._exit(0)
"""


def measure(program: str) -> tuple[float, float, list[str]]:
    """Run a program once: milliseconds, MiB, and the server's packages that it has imported."""
    with tempfile.TemporaryDirectory() as home:
        source = HARNESS.format(program=program, packages=SERVER_PACKAGES)
        # Compiled modules are kept, as they are in a program that starts for the second time.
        kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
        environment = {**kept, "SIGHTLINE_HOME": home, "PYTHONWARNINGS": "ignore"}
        done = subprocess.run(
            [sys.executable, "-c", source], capture_output=True, text=True, check=True, env=environment
        )
    milliseconds, kib, found = done.stdout.split(" ")
    return float(milliseconds), int(kib) / 1024, [name for name in found.split(",") if name]


def main() -> None:
    """Measure all programs, print the table, and exit with 1 where a limit is not kept."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=11, help="runs of each program, interleaved")
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    options = parser.parse_args()
    for program in PROGRAMS.values():
        measure(program)  # compiles what is not compiled yet
    found: dict[str, list[tuple[float, float, list[str]]]] = {name: [] for name in PROGRAMS}
    for _ in range(options.runs):
        for name, program in PROGRAMS.items():
            found[name].append(measure(program))
    base_ms = statistics.median(run[0] for run in found["bare"])
    base_mib = statistics.median(run[1] for run in found["bare"])
    rows = {
        name: {
            "ms": round(statistics.median(run[0] for run in runs) - base_ms, 1),
            "mib": round(statistics.median(run[1] for run in runs) - base_mib, 1),
        }
        for name, runs in found.items()
    }
    leaked = sorted(
        {package for name in ("sightline", "sightline + metrics") for run in found[name] for package in run[2]}
    )
    ours = rows["sightline"]
    met = ours["ms"] <= LIMIT_MS and ours["mib"] <= LIMIT_MIB and not leaked
    if options.json:
        told = [{"program": name, **row} for name, row in rows.items()]
        limits = {"limit_ms": LIMIT_MS, "limit_mib": LIMIT_MIB}
        print(json.dumps({"rows": told, **limits, "server_packages": leaked, "met": met}))
    else:
        print(f"{'start of':22} {'CPU ms more':>12} {'MiB more':>10}")
        for name, row in rows.items():
            print(f"{name:22} {row['ms']:12} {row['mib']:10}")
        print(f"{'met' if met else 'MISSED'}: import and configure ≤ {LIMIT_MS:.0f} ms and ≤ {LIMIT_MIB:.0f} MiB; "
              f"server packages imported: {', '.join(leaked) or 'none'}")  # fmt: skip
    if not met:
        raise SystemExit(1)


if __name__ == "__main__":
    main()
