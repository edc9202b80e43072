"""The small phrases that the texts are made of."""

import re
from collections.abc import Sequence

from bot.jobs import Job
from bot.requests import GenerationRequest, Operation
from bot.text import Link

NOUNS = {
    Operation.TEXT_TO_IMAGE: "image",
    Operation.IMAGE_TO_VIDEO: "video",
    Operation.TEXT_TO_VIDEO: "video",
    Operation.VIDEO_TO_VIDEO: "video",
    Operation.CHARACTER_PERFORMANCE: "performance",
    Operation.VIDEO_UPSCALE: "upscaled video",
    Operation.IMAGE_UPSCALE: "upscaled image",
}

TITLES = {
    Operation.TEXT_TO_IMAGE: "Imagine",
    Operation.IMAGE_TO_VIDEO: "Animate",
    Operation.TEXT_TO_VIDEO: "Animate",
    Operation.VIDEO_TO_VIDEO: "Edit",
    Operation.CHARACTER_PERFORMANCE: "Perform",
    Operation.VIDEO_UPSCALE: "Upscale",
    Operation.IMAGE_UPSCALE: "Upscale",
}

# Letters of the prompt that a file is called by.
MOST_NAME = 40

# Runway asks for it wherever people use its models, as a link to its site.
POWERED_BY = Link("https://runwayml.com", "Powered by Runway")


def credits(amount: int) -> str:
    return f"{amount} credit" if amount == 1 else f"{amount} credits"


def left(amount: int | None) -> str:
    return "no limit" if amount is None else f"{amount} left"


def ordinal(number: int) -> str:
    suffix = (
        "th" if 10 <= number % 100 <= 20 else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    )
    return f"{number}{suffix}"


def duration(seconds: float) -> str:
    """A span of time for people: `8 s`, `1 min 20 s`, `2 h 5 min`."""
    whole = max(1, round(seconds))
    if whole < 60:
        return f"{whole} s"
    minutes, rest = divmod(whole, 60)
    if minutes < 60:
        return f"{minutes} min {rest} s" if rest else f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if minutes else f"{hours} h"


def size(count: float) -> str:
    """Bytes for people, as file managers count them: `3.4 MB`."""
    for unit in ("bytes", "KB", "MB"):
        if count < 1000:
            return (
                f"{count:.0f} {unit}" if unit == "bytes" or count >= 10 else f"{count:.1f} {unit}"
            )
        count /= 1000
    return f"{count:.1f} GB"


def either(values: Sequence[str], most: int = 8) -> str:
    """`a, b or c`; of a long list, how many more there are."""
    return _listed(values, most, "or")


def together(values: Sequence[str], most: int = 8) -> str:
    """`a, b and c`; of a long list, how many more there are."""
    return _listed(values, most, "and")


def _listed(values: Sequence[str], most: int, word: str) -> str:
    shown = list(values)
    if len(shown) > most:
        shown[most:] = [f"{len(shown) - most} more"]
    return f" {word} ".join([", ".join(shown[:-1]), *shown[-1:]] if len(shown) > 1 else shown)


def file_name(job: Job) -> str:
    """What a job's file is called, without its extension: words of the prompt, and the job's id."""
    words = re.findall(r"[a-z0-9]+", job.request.prompt.lower())
    stem = "-".join(words)[:MOST_NAME].strip("-") or NOUNS[job.request.operation].replace(" ", "-")
    return f"{stem}-{job.id}"


def a(noun: str) -> str:
    """The noun with its article."""
    return f"an {noun}" if noun[:1] in "aeiou" else f"a {noun}"


def shape(request: GenerationRequest) -> str:
    """Size and length of what was asked for: `1280×720 · 5 s`."""
    parts = []
    if request.ratio:
        parts.append(request.ratio.replace(":", "×"))
    if request.duration:
        parts.append(f"{request.duration} s")
    return " · ".join(parts)
