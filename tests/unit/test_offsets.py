"""The reader's memory: intents and offsets."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from sightline.base.errors import StoreUnavailable
from sightline.state.offsets import Offsets, Range, token_of

FIRST, SECOND = "0000000000001-aaaaaaaaaaaaaaaa-000000.jsonl", "0000000000002-aaaaaaaaaaaaaaaa-000001.jsonl"


@pytest.fixture
def offsets(tmp_path: Path) -> Iterator[Offsets]:
    """Give an empty memory."""
    opened = Offsets.open(tmp_path / "state.db")
    yield opened
    opened.close()


def test_an_intent_is_there_until_it_is_fulfilled(offsets: Offsets):
    """Fulfilling takes the intent away and moves the offsets of all its segments."""
    intent = offsets.intend([Range(FIRST, 10, 50), Range(SECOND, 10, 30), Range(FIRST, 60, 90)])
    assert offsets.intents() == [intent]
    assert offsets.load() == {}

    moved = offsets.fulfil(intent)

    assert moved == {FIRST: 90, SECOND: 30}
    assert offsets.load() == moved
    assert offsets.intents() == []


def test_what_was_written_survives_the_process(tmp_path: Path):
    """A memory that was not closed is whole when it is opened again."""
    before = Offsets.open(tmp_path / "state.db")
    before.fulfil(before.intend([Range(FIRST, 0, 10)]))
    intent = before.intend([Range(FIRST, 10, 20)])

    after = Offsets.open(tmp_path / "state.db")

    assert after.load() == {FIRST: 10}
    assert after.intents() == [intent]
    after.close()
    before.close()


def test_the_same_ranges_have_the_same_token():
    """A token depends on names and offsets, and on nothing else."""
    token = token_of([Range(FIRST, 0, 10), Range(SECOND, 0, 10)])

    assert token == token_of([Range(FIRST, 0, 10), Range(SECOND, 0, 10)])
    assert len({token, token_of([Range(FIRST, 0, 11), Range(SECOND, 0, 10)]), token_of([Range(FIRST, 0, 10)])}) == 3


def test_offsets_of_segments_that_are_gone_are_forgotten(offsets: Offsets):
    """Thousands at once, too."""
    names = [f"{number:013d}-aaaaaaaaaaaaaaaa-000000.jsonl" for number in range(1200)]
    offsets.fulfil(offsets.intend([Range(name, 0, 1) for name in [*names, FIRST.replace("1-", "9-")]]))

    offsets.forget(names)

    assert offsets.load().keys() == {FIRST.replace("1-", "9-")} - set(names)


def test_a_file_that_is_no_database_is_refused(tmp_path: Path):
    """The message names the file."""
    (tmp_path / "state.db").write_bytes(b"no database at all" * 100)

    with pytest.raises(StoreUnavailable, match=r"state\.db cannot be opened"):
        Offsets.open(tmp_path / "state.db")


def test_the_database_is_for_its_owner_alone(tmp_path: Path):
    """Nobody else reads which segments there are."""
    Offsets.open(tmp_path / "state.db").close()

    assert (tmp_path / "state.db").stat().st_mode & 0o077 == 0
