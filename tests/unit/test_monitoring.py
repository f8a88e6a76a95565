"""Everything begun by one call."""

from __future__ import annotations

import pytest

import sightline
from sightline.base.errors import SettingInvalid
from sightline.monitoring import initialize_monitoring_system
from sightline.sdk.recorder import recorder


def test_one_call_begins_everything(tmp_path):
    """Recording is on, machine and requests are collected, the checks are there; ``stop`` ends the collecting."""
    system = initialize_monitoring_system(service="shop", home=tmp_path, checks={"queue": lambda: True})
    try:
        assert recorder.enabled
        assert system.metrics_collector.running
        assert system.health_checker.run().checks["queue"].status == "healthy"
    finally:
        system.stop()
        system.health_checker.remove("queue")
        sightline.shutdown()

    assert not system.metrics_collector.running


def test_what_is_no_setting_is_refused():
    """An argument that nothing would come of is not taken in silence."""
    with pytest.raises(SettingInvalid, match="enable_email_alerts \\(from call\\) is no setting"):
        initialize_monitoring_system(enable_email_alerts=True)
