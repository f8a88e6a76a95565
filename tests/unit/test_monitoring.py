"""Everything begun by one call."""

from __future__ import annotations

import pytest
from tests.support.spool import read_spool

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


def test_where_alerts_go_is_taken_and_said_to_come(tmp_path):
    """Mail and Slack are checked and kept, and a log says that no alert is sent yet."""
    mail = {"smtp_server": "mail.example", "username": "u", "password": "hunter2", "to_emails": ["a@example.com"]}
    system = initialize_monitoring_system(
        enable_email_alerts=True, email_config=mail, slack_webhook_url="https://hooks.example", home=tmp_path
    )
    system.stop()
    settings = {name: value.value for name, value in recorder.settings.items()}
    sightline.shutdown()
    told = [line["body"] for line in read_spool(tmp_path).logs() if "alerts" in line["body"]]

    assert (settings["smtp_server"], settings["smtp_username"]) == ("mail.example", "u")
    assert settings["alert_to_emails"] == ("a@example.com",)
    assert told == ["enable_email_alerts is on, but this version sends no alerts yet"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"enable_carrier_pigeons": True}, "enable_carrier_pigeons \\(from call\\) is no setting"),
        ({"email_config": {"host": "x"}}, "email_config has 'host'; expected from_email, password, smtp_port"),
    ],
)
def test_what_is_no_setting_is_refused(arguments, message):
    """An argument that nothing would come of is not taken in silence."""
    with pytest.raises(SettingInvalid, match=message):
        initialize_monitoring_system(**arguments)
