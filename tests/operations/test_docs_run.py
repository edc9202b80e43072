"""Every `dailies …` line of the docs is carried out, page by page, beside a bot that runs.

Those that serve until they are stopped are started as processes by the tests of what they serve; the
programs of others and `make` are looked at in test_written.py.
"""

import functools
import re
import shlex
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from bot.cli import parser
from tests.operations.conftest import KEY, Run
from tests.operations.test_written import INLINE, LINES
from tests.scenario.stage import Stage

SERVING = {"run", "demo", "simulator"}
JOB = "4f7xq2m0ab"  # the docs' own job


def words_of(line: str) -> tuple[list[str], str | None]:
    """The words after `dailies`, and the file that the output goes to."""
    command, _, target = line.partition(">")
    words = shlex.split(command)
    while not words[0].endswith("dailies"):
        del words[0]
    return words[1:], target.strip() or None


def is_ours(line: str) -> bool:
    return bool(re.match(r"(\S+=\S* )*(\.venv/bin/)?dailies ", line))


# Putting it together takes a hundred times as long as asking it.
the_parser = functools.cache(parser)


def is_whole(line: str) -> bool:
    try:
        the_parser().parse_args(words_of(line)[0])
    except SystemExit:
        return False
    return True


def lines_of(page: str) -> list[str]:
    """What a page has to carry out; in running text only what does not lack a word."""
    blocks = [line for name, line in LINES if name == page and is_ours(line)]
    inline = [line for name, line in INLINE if name == page and is_whole(line)]
    return [line for line in [*blocks, *inline] if words_of(line)[0][0] not in SERVING]


PAGES = sorted({page for page, _ in [*LINES, *INLINE] if lines_of(page)})


@pytest.fixture
def job(stage: Stage) -> Callable[[str], Awaitable[str]]:
    """A job to which an order can be given."""

    async def make(verb: str) -> str:
        if verb == "cancel":
            return await stage.page.begin("/animate a wave --model gen4.5 --duration 2 !slow")
        made = await stage.page.begin(
            "/imagine a fox !internal" if verb == "retry" else "/imagine x"
        )
        await stage.page.over(made)
        return made

    return make


@pytest.mark.parametrize("page", PAGES)
async def test_every_line_of_a_page_does_what_it_is_there_for(
    page: str,
    run: Run,
    stage: Stage,
    job: Callable[[str], Awaitable[str]],
    own_folder: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("RUNWAYML_API_SECRET", KEY)
    monkeypatch.setenv("DAILIES_PLAYGROUND__ENABLED", "true")
    monkeypatch.setenv("DAILIES_WEB__PORT", "0")
    monkeypatch.setenv("DAILIES_RUNWAY__BASE_URL", stage.simulator.url)
    (own_folder / "backups").mkdir()
    await job("any")  # the team has begun
    for line in lines_of(page):
        words, target = words_of(line)
        if JOB in words:
            words[words.index(JOB)] = await job(words[1])
        words = [word.replace("/backups/", f"{own_folder}/backups/") for word in words]
        code, text = await run(*words)
        assert code == 0, f"{line}\n{text}"
        assert text.strip() or target, line
        if target:
            (own_folder / target).write_text(text, encoding="utf-8")


def test_there_are_pages_to_carry_out():
    assert len(PAGES) > 3
    assert sum(len(lines_of(page)) for page in PAGES) > 30
