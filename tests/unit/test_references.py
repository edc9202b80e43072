"""What a `--ref` names, also where somebody types it to keep us busy."""

import time
from collections.abc import Callable
from dataclasses import replace
from typing import cast

import pytest

from bot.commands.invocations import Origin
from bot.commands.references import MOST_REFERENCES, References
from bot.jobs import Job, Member
from bot.ports import Storage
from bot.requests import Kind, Media

ORIGIN = Origin(Member("playground:local", "ada"), "main")


class Shelf:
    """One job, under every name; counts how often it is looked for."""

    def __init__(self, job: Job) -> None:
        self._job = job
        self.looks = 0

    async def job(self, _job_id: str) -> Job:
        self.looks += 1
        return self._job


@pytest.fixture
def shelf(job: Callable[..., Job], image: Callable[..., Media]) -> Shelf:
    return Shelf(replace(job(), outputs=(image(),)))


async def named(shelf: Shelf, text: str) -> list[str]:
    found = await References(cast(Storage, shelf)).find(ORIGIN, text, [Kind.IMAGE])
    return [media.key for media in found]


@pytest.mark.parametrize(
    ("text", "keys"),
    [
        ("a1b2", ["inputs/fox.png"]),
        ("a1b2,c3d4 , e5f6", ["inputs/fox.png"] * 3),
        ("https://a.bc/x.png", ["https://a.bc/x.png"]),
        ("https://a.bc/x.png,a1b2", ["https://a.bc/x.png", "inputs/fox.png"]),
        ("a1b2,,https://a.bc/x.png", ["inputs/fox.png", "https://a.bc/x.png"]),
        ("https://a.bc/w_1,h_2/x.png", ["https://a.bc/w_1,h_2/x.png"]),
        ("https://a.bc/x.png,https://a.bc/y.png,", ["https://a.bc/x.png", "https://a.bc/y.png"]),
    ],
)
async def test_commas_and_blanks_part_names_but_not_the_path_of_a_link(
    shelf: Shelf, text: str, keys: list[str]
) -> None:
    assert await named(shelf, text) == keys


@pytest.mark.parametrize("text", ["," * 20_000, ",a" * 20_000, "/," * 20_000])
async def test_a_text_of_commas_is_parted_in_no_time(shelf: Shelf, text: str) -> None:
    """As much as one message may hold; everybody else waits meanwhile."""
    began = time.process_time()
    await named(shelf, text)
    assert time.process_time() - began < 1


async def test_no_more_names_are_looked_up_than_any_model_takes(shelf: Shelf) -> None:
    await named(shelf, ",".join(["a1b2"] * 5000))
    assert shelf.looks == MOST_REFERENCES
