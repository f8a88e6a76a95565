"""A real Prometheus scrapes itself and writes to a real server."""

from __future__ import annotations

import shutil
import socket
import subprocess

import pytest
from tests.support.server import ServerProcess, eventually

CONFIG = """
global: {{scrape_interval: 1s}}
remote_write:
  - url: {url}/prometheus/api/v1/write
    remote_timeout: 5s
    send_native_histograms: true
    metadata_config: {{send_interval: 1s}}
    queue_config: {{batch_send_deadline: 500ms, min_backoff: 30ms}}
scrape_configs:
  - job_name: itself
    static_configs: [{{targets: ["127.0.0.1:{port}"]}}]
"""


def ask(server, query):
    """Rows of the store."""
    answer = server.http.post("/api/v1/sql", json={"query": query})
    answer.raise_for_status()
    return answer.json()["rows"]


@pytest.fixture
def written(tmp_path):
    """A server that a Prometheus writes to."""
    program = shutil.which("prometheus")
    if program is None:
        pytest.skip("Prometheus is not installed")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with ServerProcess(tmp_path / "home") as server, (tmp_path / "prometheus.log").open("wb") as log:
        config = tmp_path / "prometheus.yml"
        config.write_text(CONFIG.format(url=server.url, port=port))
        prometheus = subprocess.Popen(
            [program, f"--config.file={config}", f"--storage.tsdb.path={tmp_path}/data",
             f"--web.listen-address=127.0.0.1:{port}", "--log.level=warn"],
            stdout=log, stderr=log,
        )  # fmt: skip
        try:
            yield server
        finally:
            prometheus.terminate()
            prometheus.wait()


def test_written_by_prometheus(written):
    """Its samples are found by the metrics API as counters of its job, with unit and help as its metadata has them."""
    query = (
        "SELECT DISTINCT MetricType, Description, ServiceName FROM metric_series FINAL "
        "WHERE MetricName = 'prometheus_tsdb_head_samples_appended_total' AND Description != ''"
    )
    eventually(lambda: ask(written, "SELECT count() > 2 FROM metric_samples")[0][0], timeout_s=30)
    [[kind, help_text, service]] = eventually(lambda: ask(written, query), timeout_s=30)
    found = eventually(lambda: written.get("/api/v1/metrics/range", name="prometheus_http_requests_total")["series"])

    assert (kind, service) == ("counter", "itself")
    assert help_text.startswith("Total number of appended samples")
    assert found[0]["points"]
