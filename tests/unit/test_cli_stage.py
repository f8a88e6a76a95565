"""The parts of the demo by which it is known that nothing was lost."""

import socket
from pathlib import Path

import msgspec
import pytest
from tests.support.segments import SegmentFile, log_line

from sightline.base.errors import PackageMissing
from sightline.cli.stage.counts import Counts
from sightline.cli.stage.play import percentile
from sightline.cli.stage.programs import Program, ProgramEnded, find_examples, free_port
from sightline.cli.stage.tally import Tally

METRIC = b'{"kind":"metric","name":"m","samples":[{"name":"m_total","value":1},{"name":"m","value":"nan"}]}\n'


def segment(spool: Path, sequence: int = 0, service: str = "shop") -> SegmentFile:
    """Begin a segment of a service."""
    return SegmentFile(spool, sequence=sequence, resource={"service.name": service})


def test_the_tally_counts_each_signal(tmp_path):
    """Logs, spans and events count by line, metrics by sample."""
    written = segment(tmp_path)
    written.write(log_line("one") + b'{"kind":"span"}\n{"kind":"event"}\n' + METRIC)

    assert Tally(tmp_path, ["shop"]).look() == Counts(logs=1, spans=1, samples=2, events=1)
    written.end()


def test_the_tally_counts_a_line_once_it_is_whole(tmp_path):
    """Half a line counts when its end is written, and only once."""
    written = segment(tmp_path)
    tally = Tally(tmp_path, ["shop"])
    line = log_line("one")
    written.write(line[:10])

    assert tally.look().logs == 0
    written.write(line[10:])
    assert tally.look().logs == 1
    assert tally.look().logs == 1
    written.end()


def test_the_tally_counts_what_was_deleted_after_it_was_seen(tmp_path):
    """Lines written between the last look and the deletion by a server are counted."""
    written = segment(tmp_path)
    tally = Tally(tmp_path, ["shop"])
    tally.look()
    written.write(log_line("one") + log_line("two"))
    written.end()
    written.path.unlink()

    assert tally.look().logs == 2
    assert tally.look().logs == 2


def test_the_tally_leaves_other_services_out(tmp_path):
    """Only the services that are named count."""
    ours, other = segment(tmp_path), segment(tmp_path, 1, "sightline")
    ours.write(log_line("one"))
    other.write(log_line("two"))

    assert Tally(tmp_path, ["shop"]).look().logs == 1
    ours.end()
    other.end()


def test_the_tally_of_an_empty_spool_is_zero(tmp_path):
    """Before anything was recorded there is no spool, and nothing to count."""
    assert Tally(tmp_path / "spool", ["shop"]).look().total == 0


@pytest.mark.parametrize(
    ("values", "expected"),
    [([], None), ([7.0], 7.0), ([3.0, 1.0, 2.0], 3.0), ([float(n) for n in range(1, 101)], 95.0)],
)
def test_the_percentile_is_one_of_the_values(values, expected):
    """The 95th percentile is the smallest value that 95 % do not exceed."""
    assert percentile(values, 95) == expected


def test_a_port_that_is_taken_is_not_chosen():
    """Where something listens on the preferred port, another one is given."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        assert free_port(taken.getsockname()[1]) != taken.getsockname()[1]


def test_a_program_that_ends_early_is_reported_with_what_it_said(tmp_path):
    """The message has the program's name, its exit code and its last words."""
    program = Program("shop", ["-c", "import sys; print('no such table'); sys.exit(3)"], tmp_path, {})
    program._process.wait(30)

    with pytest.raises(ProgramEnded, match=r"The demo's shop ended with code 3\. It said:\nno such table"):
        program.check()


def test_settings_of_the_shell_do_not_reach_the_programs(tmp_path, monkeypatch):
    """A demo records to its own home, whatever the shell is set to."""
    monkeypatch.setenv("SIGHTLINE_DISABLED", "1")
    program = Program("env", ["-c", "import json, os; print(json.dumps(dict(os.environ)))"], tmp_path, {"A": "b"})
    program._process.wait(30)

    environ = msgspec.json.decode(program.output.read_bytes())
    assert environ["A"] == "b"
    assert "SIGHTLINE_DISABLED" not in environ


def test_what_the_demo_needs_is_said_with_the_install_line():
    """Where a package of the shop is missing, the message names it and the line that installs it."""
    with pytest.raises(PackageMissing, match=r'needs nothing\.like\.that: pip install "sightline\[demo\]"'):
        find_examples(("sys", "nothing.like.that"))


def test_the_examples_are_found():
    """The shop is found in the clone or in the package."""
    assert (find_examples() / "shop" / "web.py").is_file()
