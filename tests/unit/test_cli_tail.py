"""Server-sent events, as ``sightline tail`` reads them."""

from sightline.cli.tail import read_events


def test_events_are_read_with_their_names():
    """Each event is its name and its decoded data; heartbeats are left out."""
    lines = [": heartbeat", "", "event: record", 'data: {"body":"one"}', "", "event: dropped", 'data: {"count":3}', ""]

    assert list(read_events(lines)) == [("record", {"body": "one"}), ("dropped", {"count": 3})]


def test_data_over_several_lines_is_one_text():
    """Several data lines of one event belong together."""
    assert list(read_events(["data: [1,", "data: 2]", ""])) == [("message", [1, 2])]


def test_an_event_that_was_cut_off_is_left_out():
    """Without the empty line at its end an event is not complete."""
    assert list(read_events(["event: record", 'data: {"bo'])) == []
