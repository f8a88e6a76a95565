"""Some of very many records, spread evenly: what is asked of them takes the same time however many there are."""

from __future__ import annotations

from typing import Final

BLOCK: Final = 512
"""
Records that stand beside each other and are read together, a quarter of what the engine reads at least: one here and
one there would stand in all that is stored.
"""


def one_in(total: int, most: int) -> int:
    """Say of how many records one is read where *total* match and *most* are wanted; 1 reads all."""
    return max(1, -(-total // max(1, most)))


def among(one: int) -> str:
    """
    Write the condition that holds for one in *one* records, block by block.

    Blocks are counted by their place in a part, which is sorted by time: those that are read lie evenly in it. Parts
    begin with different ones, for of many small parts the first would be read from each.
    """
    return "1" if one == 1 else f"(intDiv(_part_offset, {BLOCK}) + cityHash64(_part)) % {one} = 0"
