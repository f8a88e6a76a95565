"""What commands print where nobody watches."""

from sightline.cli import show

RECORD = {
    "timestamp": "2026-11-20T19:00:00.123456789Z", "level": "ERROR", "service": "shop", "logger": "shop.pay",
    "body": "declined",
    "attributes": {"order": "7", "code.function.name": "pay", "exception.stacktrace": "Traceback\n  x"},
}  # fmt: skip


def test_a_log_is_one_line_and_its_traceback_below(capsys):
    """Time, level, service and logger, message, fields; what the code says of itself is left out."""
    show.log_line(RECORD)

    assert capsys.readouterr().out.splitlines() == [
        "2026-11-20 19:00:00.123 ERROR    shop/shop.pay  declined  order=7",
        "    Traceback",
        "      x",
    ]


def test_a_record_cannot_steer_the_terminal(capsys):
    """Control characters of a record are written out."""
    show.log_line({**RECORD, "body": "\x1b[2Jgone\x07", "attributes": {"a": "\x9b1m"}})

    out = capsys.readouterr().out
    assert "\\x1b[2Jgone\\x07" in out
    assert "\\x9b1m" in out


def test_a_table_is_aligned(capsys):
    """Columns are as wide as their widest cell, numbers to the right."""
    show.table(["name", "n"], [["a", 1], ["longer", 100]], right=frozenset({1}))

    assert capsys.readouterr().out.splitlines() == ["name      n", "a         1", "longer  100"]


def test_a_line_end_in_a_cell_stays_in_its_row(capsys):
    """A cell is one line, whatever is in it."""
    show.table(["body"], [["one\ntwo"]])

    assert capsys.readouterr().out.splitlines() == ["body", "one\\ntwo"]


def test_json_is_one_object_a_line(capsys):
    """Lists are JSON lines."""
    show.json_lines([{"a": 1}, {"b": "ü"}])

    assert capsys.readouterr().out == '{"a":1}\n{"b":"ü"}\n'


def test_sizes_and_times_are_written_for_people():
    """Bytes and seconds are given in a unit that reads well."""
    assert [show.human_bytes(size) for size in (5, 2048, 3 * 1024**3)] == ["5 B", "2.0 KiB", "3.0 GiB"]
    assert [show.human_seconds(s) for s in (5, 300, 7200, 400_000)] == ["5 s", "5 min", "2 h", "5 days"]


def test_a_copy_of_many_files_does_not_flood_the_terminal(capsys):
    """What is done is told once a second, and at the end."""
    copied = show.Copied()
    for done in range(1, 1001):
        copied(done, 1000)

    told = capsys.readouterr().err.splitlines()
    assert (told[0], told[-1]) == ("1 of 1,000 bytes", "1,000 of 1,000 bytes")
    assert len(told) < 10
