"""Settings of the alerting, which is not built yet: they are taken, checked and shown, and steer nothing."""

from __future__ import annotations

from typing import Final

from sightline.base.setting import LAST_PORT, Setting

ALERT_SETTINGS: Final[tuple[Setting, ...]] = (
    Setting(
        "enable_email_alerts", ("ENABLE_EMAIL_ALERTS",), "bool", default=False,
        sentence="Send alerts by e-mail.", keys=("alerts.email.enabled",), coming=True,
    ),
    Setting(
        "smtp_server", ("SMTP_SERVER",), "str", "",
        "Mail server that alerts are sent through.", keys=("alerts.email.smtp_server",), coming=True,
    ),
    Setting(
        "smtp_port", ("SMTP_PORT",), "int", 587,
        "Its port.", minimum=1, maximum=LAST_PORT, keys=("alerts.email.smtp_port",), coming=True,
    ),
    Setting(
        "smtp_username", ("SMTP_USERNAME",), "str", "",
        "User that signs in there.", keys=("alerts.email.username",), coming=True,
    ),
    Setting(
        "smtp_password", ("SMTP_PASSWORD",), "str", "",
        "The user's password.", secret=True, keys=("alerts.email.password",), coming=True,
    ),
    Setting(
        "alert_from_email", ("ALERT_FROM_EMAIL",), "str", "",
        "Address that alerts come from.", keys=("alerts.email.from", "alerts.email.from_email"), coming=True,
    ),
    Setting(
        "alert_to_emails", ("ALERT_TO_EMAILS",), "names", (),
        "Addresses that alerts go to.", keys=("alerts.email.to", "alerts.email.to_emails"), coming=True,
    ),
    Setting(
        "enable_slack_alerts", ("ENABLE_SLACK_ALERTS",), "bool", default=False,
        sentence="Send alerts to Slack.", keys=("alerts.slack.enabled",), coming=True,
    ),
    Setting(
        "slack_webhook_url", ("SLACK_WEBHOOK_URL",), "str", "",
        "Address of Slack's incoming webhook.", secret=True, keys=("alerts.slack.webhook_url",), coming=True,
    ),
    Setting(
        "alert_check_interval_s", ("ALERT_CHECK_INTERVAL",), "float", 60.0,
        "Seconds between two looks at the rules.", minimum=1, in_production=120.0,
        keys=("alerts.check_interval",), coming=True,
    ),
    Setting(
        "alert_cooldown_s", ("ALERT_COOLDOWN_PERIOD",), "float", 1800.0,
        "Seconds that a rule is silent after it notified.", minimum=0,
        keys=("alerts.cooldown_period",), coming=True,
    ),
    Setting(
        "admin_api_key", ("ADMIN_API_KEY",), "str", "",
        "Key that may change alerts and rules.", secret=True, keys=("alerts.admin_api_key",), coming=True,
    ),
)  # fmt: skip
"""Every setting of the alerting and of who may steer it."""
