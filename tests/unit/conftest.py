"""The shipped catalog, and makers of the values that the pure parts work on."""

from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import settings

from bot.catalog import Catalog, ModelSpec, load_catalog
from bot.jobs import Job, Member, State
from bot.requests import GenerationRequest, Kind, Media, Operation
from bot.text import Bold, Code, Link, Text, When, Who

# A loaded machine is slow for reasons that are not ours.
settings.register_profile("dailies", deadline=None, max_examples=50)
settings.load_profile("dailies")

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


@pytest.fixture(scope="session")
def shipped() -> Catalog:
    """The catalog as it is shipped, everything offered; only for reading."""
    return load_catalog()


@pytest.fixture
def catalog() -> Catalog:
    """A catalog of one's own, to change what is offered."""
    return load_catalog()


@pytest.fixture(scope="session")
def spec(shipped: Catalog) -> Callable[[str, str], ModelSpec]:
    """A model's entry for an operation."""
    return lambda model, operation: shipped.spec(model, Operation(operation))


@pytest.fixture(scope="session")
def image() -> Callable[..., Media]:
    """An image that has been looked into."""

    def make(width: int = 1280, height: int = 720, name: str = "fox.png") -> Media:
        return Media(f"inputs/{name}", Kind.IMAGE, "image/png", 1000, "0" * 64, name, width, height)

    return make


@pytest.fixture(scope="session")
def video() -> Callable[..., Media]:
    """A video that has been looked into."""

    def make(
        duration: float | None = 5.0,
        frames: int | None = 120,
        width: int = 1280,
        height: int = 720,
        name: str = "waves.mp4",
    ) -> Media:
        return Media(
            f"inputs/{name}", Kind.VIDEO, "video/mp4", 1000, "0" * 64, name, width, height,
            duration, frames,
        )  # fmt: skip

    return make


@pytest.fixture(scope="session")
def job() -> Callable[..., Job]:
    """A job of Ada's; `request` takes changes to a plain image request."""

    def make(request: GenerationRequest | None = None, **changes: Any) -> Job:
        plain = GenerationRequest(
            Operation.TEXT_TO_IMAGE, "gen4_image", "a fox", 8, ratio="1920:1080", seed=7
        )
        values: dict[str, Any] = {
            "id": "job1",
            "owner": Member("playground:local", "ada"),
            "channel": "main",
            "request": request or plain,
            "state": State.QUEUED,
            "created_at": NOW,
        }
        return Job(**{**values, **changes})

    return make


@pytest.fixture(scope="session")
def plain() -> Callable[[Text], str]:
    """A text as a platform without any formatting shows it."""

    def flatten(text: Text) -> str:
        return "".join(_words(text))

    return flatten


def _words(text: Text) -> Iterable[str]:
    assert isinstance(text, tuple)
    for span in text:
        match span:
            case str():
                yield span
            case Bold(words) | Code(words) | Link(_, words):
                assert isinstance(words, str)
                yield words
            case When(at):
                yield f"{at:%d %B %Y}"
            case Who(member_id):
                yield f"@{member_id}"
            case _:
                raise AssertionError(f"not a span: {span!r}")
