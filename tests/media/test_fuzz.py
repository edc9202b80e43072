"""Mutated files at every entry to a decoder: a refusal or a file that can be used, nothing else.

The mutations are Hypothesis's, so a failure comes with the smallest file that shows it. Whatever a
decoder does in its process, what comes back is one of two things; and what was accepted must also
survive being adapted.
"""

import asyncio
import os
import tempfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from bot.media import adapt, boxes, heif, sniff, structure
from bot.media.asking import ask
from bot.media.children import Budget, Children
from bot.media.containers import CONTAINERS
from bot.media.errors import UnusableFile
from bot.media.inspect import Limits, inspect
from bot.requests import Fit, Kind, Media

CALLS = int(os.environ.get("DAILIES_FUZZ", "4"))  # files of each type
QUICK = 300
BUDGET = Budget(cpu_seconds=10, wall_seconds=30)
LIMITS = Limits(child=BUDGET)

Mutation = list[tuple[float, bytes]]
MUTATIONS = st.lists(
    st.tuples(st.floats(0, 1, exclude_max=True), st.binary(min_size=1, max_size=12)), max_size=8
)
CUTS = st.floats(0.2, 1.0)


def _mutated(data: bytes, mutations: Mutation, cut: float) -> bytes:
    changed = bytearray(data[: max(1, int(len(data) * cut))])
    for place, piece in mutations:
        at = int(place * len(changed))
        changed[at : at + len(piece)] = piece[: len(changed) - at]
    return bytes(changed)


_SEEDS: dict[str, bytes] = {}


@pytest.fixture
def seeds(tmp_path: Path, film: Callable[..., Path], heic: Callable[..., Path]) -> dict[str, bytes]:
    """A small real file of every type that is opened, made once."""
    if not _SEEDS:
        _SEEDS.update(_made_in(tmp_path, film, heic))
    return _SEEDS


def _made_in(
    tmp_path: Path, film: Callable[..., Path], heic: Callable[..., Path]
) -> dict[str, bytes]:
    image = Image.effect_noise((48, 32), 60).convert("RGB")
    paths = [
        tmp_path / f"a.{name}" for name in ("jpg", "png", "webp", "gif", "bmp", "tiff", "avif")
    ]
    for path in paths:
        image.save(path)
    paths.append(heic("a.heic", image, tile=32))
    films = {"a.mp4": "libx264", "a.mov": "prores_ks", "a.webm": "libvpx", "a.avi": "mpeg4"}
    for name, codec in films.items():
        pixels = "yuv422p10le" if codec == "prores_ks" else "yuv420p"
        paths.append(film(name, frames=6, size=(64, 48), codec=codec, pixels=pixels))
    return {path.suffix[1:]: path.read_bytes() for path in paths}


NAMES = ("jpg", "png", "webp", "gif", "bmp", "tiff", "avif", "heic", "mp4", "mov", "webm", "avi")


@pytest.mark.parametrize("name", NAMES)
def test_a_mutated_file_is_refused_or_usable(seeds: dict[str, bytes], name: str) -> None:
    data = seeds[name]

    @settings(
        max_examples=CALLS,
        deadline=None,
        database=None,
        derandomize=True,
        suppress_health_check=list(HealthCheck),
    )
    @given(MUTATIONS, CUTS)
    def check(mutations: Mutation, cut: float) -> None:
        asyncio.run(_inspect_and_adapt(_mutated(data, mutations, cut), f"a.{name}"))

    check()


async def _inspect_and_adapt(data: bytes, name: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path, target = Path(folder, "file"), Path(folder, "adapted")
        await asyncio.to_thread(path.write_bytes, data)
        with suppress(UnusableFile):  # anything else is a failure
            info = await inspect(path, name, limits=LIMITS, children=Children(1))
            assert info.width > 0 < info.height
            media = Media(
                "inputs/a/0." + info.extension, Kind(info.kind), info.content_type, info.size,
                info.sha256, name, info.width, info.height, info.duration, info.frames, info.codec,
            )  # fmt: skip
            child = Children(1)
            await adapt.adapted(media, path, target, Fit(side=40), LIMITS, child, child)


@pytest.mark.parametrize("container", sorted(set(CONTAINERS.values())))
async def test_a_decoder_that_is_given_anothers_file_refuses(
    seeds: dict[str, bytes], tmp_path: Path, container: str
) -> None:
    """Past the sniffing: no decoder is talked into another format than the forced one."""
    file_type = next(each for each, forced in CONTAINERS.items() if forced == container)
    task = f"inspect_{file_type.kind}"
    terms = {"pixels": 40_000_000, "side": 16_384}
    for name, data in list(seeds.items())[::-2]:
        own = next(c for t, c in CONTAINERS.items() if name in t.extensions)
        if own == container or name in ("png", "gif", "webp", "bmp", "tiff"):
            continue
        path = tmp_path / "file"
        path.write_bytes(data)
        if {own, container} == {"mp4", "HEIF"} or {own, container} == {"mp4", "AVIF"}:
            continue  # one family of containers
        with pytest.raises(UnusableFile):
            await ask(Children(1), task, path, file_type, terms, BUDGET)


@settings(max_examples=QUICK, deadline=None, derandomize=True, database=None)
@given(st.binary(max_size=600))
def test_sniffing_survives_any_bytes(data: bytes) -> None:
    found = sniff.sniff(data)
    assert found is None or found in sniff.ALL


@settings(max_examples=QUICK, deadline=None, derandomize=True, database=None)
@given(st.binary(max_size=400), st.sampled_from([b"ftyp", b"meta", b"moov", b"mdat"]))
def test_boxes_survive_any_bytes(data: bytes, kind: bytes) -> None:
    content = (8 + len(data)).to_bytes(4, "big") + kind + data
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "file")
        path.write_bytes(content)
        for container in ("mp4", "matroska"):
            assert structure.is_cut_off(path, container) in (True, False)
        with suppress(ValueError):
            assert sum(len(box.content) for box in boxes.boxes(data)) <= len(data)
        with suppress(UnusableFile):
            heif.open_heif(path, lambda _width, _height: None)
