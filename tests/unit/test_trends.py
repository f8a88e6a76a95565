"""Trends of gauges."""

import random

import pytest

from sightline.query.analyses.trends import trend


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([], "stable"),
        ([10, 90], "stable"),
        ([50] * 60, "stable"),
        ([50 + minute * 0.05 for minute in range(60)], "stable"),
        ([20 + minute for minute in range(60)], "increasing"),
        ([90 - minute for minute in range(60)], "decreasing"),
        ([30] * 30 + [60] * 30, "increasing"),
    ],
)
def test_a_trend_is_told(values, expected):
    """What changes by less than five points, or has too few points, is stable."""
    assert trend(list(enumerate(values))) == expected


def test_noise_is_no_trend():
    """A level with much noise around it is stable in nearly all cases, whatever its slope by chance."""
    dice = random.Random(7)

    found = [trend([(minute, dice.gauss(50, 20)) for minute in range(60)]) for _ in range(400)]

    assert found.count("stable") > 360


def test_points_of_one_moment_have_no_trend():
    """Without a distance in time there is no slope."""
    assert trend([(1.0, float(value)) for value in range(10)]) == "stable"
