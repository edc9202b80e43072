"""What a child process can be asked to do with one file; each imports only the decoder it needs.

The imports stand inside the tasks: a decoder is never loaded in the bot's own process.
"""

import importlib
from collections.abc import Callable, Mapping
from fractions import Fraction
from pathlib import Path

from bot.media.errors import Reason, UnusableFile

Term = int | float | str
Terms = Mapping[str, Term]
Task = Callable[[Path, str, Terms], dict[str, object]]


def _size_check(terms: Terms) -> Callable[[int, int], None]:
    pixels, longest = int(terms["pixels"]), int(terms["side"])

    def check(width: int, height: int) -> None:
        side, area = max(width, height), width * height
        if area > pixels:
            raise UnusableFile(Reason.TOO_MANY_PIXELS, limit=pixels, actual=area)
        if side > longest:
            raise UnusableFile(Reason.TOO_LONG_SIDE, limit=longest, actual=side)

    return check


def _inspect_image(path: Path, container: str, terms: Terms) -> dict[str, object]:
    from bot.media import still

    return still.measure(path, container, check_size=_size_check(terms))


def _inspect_video(path: Path, container: str, terms: Terms) -> dict[str, object]:
    from bot.media import film

    pixels = int(terms["pixels"])
    return film.measure(path, container, pixels=pixels, check_size=_size_check(terms))


def _convert_image(path: Path, container: str, terms: Terms) -> dict[str, object]:
    from bot.media import picture

    wanted = picture.Wanted(
        int(terms["shrink_to"]), _shape(terms.get("pad")), _shape(terms.get("crop"))
    )
    return picture.convert(path, container, _target(terms), wanted, _size_check(terms))


def _reduce_image(path: Path, container: str, terms: Terms) -> dict[str, object]:
    from bot.media import picture

    limit = int(terms["limit"])
    return picture.reduce(path, container, _target(terms), limit, _size_check(terms))


def _convert_video(path: Path, container: str, terms: Terms) -> dict[str, object]:
    from bot.media import reel, shrink

    share = min(1.0, int(terms["shrink_to"]) / max(int(terms["width"]), int(terms["height"])))
    width, height = shrink.even(int(terms["width"]), int(terms["height"]), share)
    rate = Fraction(int(terms["rate"])) if "rate" in terms else None
    recipe = reel.Recipe(width, height, float(terms["seconds"]), rate)
    reel.encode(path, container, _target(terms), recipe, int(terms["pixels"]))
    return _inspect_video(_target(terms), "mp4", terms)


def _clean_video(path: Path, container: str, terms: Terms) -> dict[str, object]:
    from bot.media import remux

    remux.clean(path, container, _target(terms), str(terms["muxer"]), int(terms["pixels"]))
    return _inspect_video(_target(terms), container, terms)


def _shrink_video(path: Path, container: str, terms: Terms) -> dict[str, object]:
    from bot.media import shrink

    footage = shrink.Footage(
        int(terms["width"]),
        int(terms["height"]),
        float(terms["seconds"]),
        float(terms["rate"]),
        int(terms["size"]),
    )
    limit, pixels = int(terms["limit"]), int(terms["pixels"])
    return shrink.shrink(path, container, _target(terms), footage, limit, pixels)


def _poster(path: Path, container: str, terms: Terms) -> dict[str, object]:
    from bot.media import frames

    return frames.poster(path, container, _target(terms), int(terms["pixels"]))


def _last_frame(path: Path, container: str, terms: Terms) -> dict[str, object]:
    from bot.media import frames

    return frames.last_frame(path, container, _target(terms), int(terms["pixels"]))


def _target(terms: Terms) -> Path:
    return Path(str(terms["target"]))


def _shape(ratio: Term | None) -> tuple[int, int] | None:
    if ratio is None:
        return None
    across, _, down = str(ratio).partition(":")
    return int(across), int(down)


TASKS: dict[str, Task] = {
    "inspect_image": _inspect_image,
    "inspect_video": _inspect_video,
    "convert_image": _convert_image,
    "reduce_image": _reduce_image,
    "convert_video": _convert_video,
    "clean_video": _clean_video,
    "shrink_video": _shrink_video,
    "poster": _poster,
    "last_frame": _last_frame,
}


def load_decoder(task: str) -> None:
    """Import what nearly all orders for that kind of file need, ahead of the first one."""
    if task.endswith("_image"):
        from PIL import Image

        importlib.import_module("bot.media.still")
        Image.preinit()
    else:
        importlib.import_module("bot.media.film")
