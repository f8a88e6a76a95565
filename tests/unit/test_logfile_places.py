"""Where lines, quotes and spaces of a block stand."""

import random

import numpy as np
import pytest

from sightline.wire.logfile import places
from sightline.wire.logfile.places import Lines, first_behind


@pytest.mark.parametrize("likely", [0, 3, 10**6])
def test_a_wrong_guess_is_found_out(likely: int):
    """Wherever it looks first, the first number at or behind each place is found."""
    chance = random.Random(likely)
    found = np.array(sorted(chance.sample(range(1000), 100)), np.int32)
    wanted = np.array([chance.randrange(-1, 1100) for _ in range(500)], np.int32)

    index = first_behind(found, wanted, np.arange(500) // 5 + likely)

    assert index.tolist() == np.searchsorted(found, wanted).tolist()


def test_nothing_is_behind_where_there_is_nothing():
    """Without numbers each place has none behind it."""
    assert first_behind(np.zeros(0, np.int32), np.arange(2), np.arange(2)).tolist() == [0, 0]


def test_a_block_of_many_pieces_is_searched_as_one():
    """What stands around the end of a piece is found where it is."""
    content = b'a "b"\tc!\r\n\n "d\n' * (places._PIECE_BYTES // 5)

    lines = Lines(content)

    assert lines.quotes.tolist() == [at for at, byte in enumerate(content) if byte == ord('"')]
    assert lines.spaces.tolist() == [at for at, byte in enumerate(content) if byte == ord(" ")] + [len(content)]
    read = [content[start:end] for start, end in zip(lines.starts, lines.ends, strict=True)]
    assert read == [line.removesuffix(b"\r") for line in content.split(b"\n")[:-1]]
