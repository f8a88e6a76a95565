"""A real Prometheus scrapes a real server with several workers."""

from __future__ import annotations

import shutil
import socket
import subprocess
import time

import httpx
import pytest
from tests.process.test_worker_metrics import ask, serve
from tests.support.program import PATIENCE_S

CONFIG = """
global: {{scrape_interval: 1s}}
scrape_configs:
  - job_name: shop
    static_configs: [{{targets: ["127.0.0.1:{port}"]}}]
"""


def wait_for(address, query, wanted):
    """Ask Prometheus until it knows the value; it scrapes every second."""
    deadline, found = time.monotonic() + PATIENCE_S, None
    while time.monotonic() < deadline:
        try:
            answer = httpx.get(f"{address}/api/v1/query", params={"query": query}, trust_env=False).json()
        except (httpx.TransportError, ValueError):  # it is starting, and says so in words
            continue
        found = [float(one["value"][1]) for one in answer.get("data", {}).get("result", ())]
        if found == [wanted]:
            return
    raise AssertionError(f"{query} is {found}, not {wanted}.")


def test_prometheus_scrapes_the_workers_as_one(tmp_path):
    """Its target is up, and its sum is what all workers answered."""
    program = shutil.which("prometheus")
    if program is None:
        pytest.skip("Prometheus is not installed")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with serve(tmp_path, "uvicorn --workers") as server:
        for item in range(30):
            ask(server, f"/items/{item}")
        config = tmp_path / "prometheus.yml"
        config.write_text(CONFIG.format(port=server.http.base_url.port))
        with (tmp_path / "prometheus.log").open("wb") as log:
            prometheus = subprocess.Popen(
                [program, f"--config.file={config}", f"--storage.tsdb.path={tmp_path}/data",
                 f"--web.listen-address=127.0.0.1:{port}"],
                stdout=log, stderr=log,
            )  # fmt: skip
            try:
                address = f"http://127.0.0.1:{port}"
                wait_for(address, "up", 1)
                wait_for(address, 'sum(http_requests_total{status="200"})', 30)
                wait_for(address, "sum(http_request_duration_seconds_count)", 30)
            finally:
                prometheus.terminate()
                prometheus.wait()
