"""What each operation delivers: the picture or clip for a body and its inputs."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import singledispatch
from pathlib import Path

from PIL import Image

from bot.runway.simulator import bodies as b
from bot.runway.simulator import video_bodies as v
from bot.runway.simulator.assets import Asset, first_frame, open_image
from bot.runway.simulator.studio import lettering
from bot.runway.simulator.studio.footage import Clip
from bot.runway.simulator.studio.scenes import Size, paint

_PLACEHOLDER = "A placeholder: this machine cannot fetch the address that was given"
_SHORT_SIDE = {"720p": 720, "1k": 1080, "2k": 1440, "4k": 2160}
_LARGEST_ALEPH2, _LARGEST_UPSCALE_V1 = 1080, 4096
ALEPH_SECONDS = 5.0


@dataclass(frozen=True)
class Job:
    """One output to make; `inputs` is the folder of the files that `assets` name."""

    body: b.Body
    assets: Sequence[Asset]
    inputs: Path
    look: int
    keep_going: Callable[[], None]
    clip_pixels: int
    picture_pixels: int

    def picture(self, role: str) -> Image.Image:
        """The input with this role as a still image; a video gives its first frame."""
        asset = self.asset(role)
        return self._open(asset)

    def asset(self, role: str) -> Asset:
        """The first input with this role."""
        return next(each for each in self.assets if each.role == role)

    def pictures(self, role: str) -> list[tuple[Image.Image, str]]:
        """All inputs with this role, with their tags."""
        return [(self._open(each), each.tag) for each in self.assets if each.role == role]

    def _open(self, asset: Asset) -> Image.Image:
        if not asset.file:
            return self.paint((asset.width, asset.height), _PLACEHOLDER, self.look)
        path = self.inputs / asset.file
        if asset.kind == "video":
            return first_frame(path)
        with open_image(path) as image:
            return image

    def paint(self, size: Size, prompt: str, look: int) -> Image.Image:
        """A picture of this size, painted as finely as was asked for."""
        return paint(size, prompt, look, self.picture_pixels)

    @property
    def seed(self) -> int:
        """The seed that was asked for, or the one that the task was given."""
        asked = self.body.seed if isinstance(self.body, b.Seeded) else None
        return self.look if asked is None else asked


def _size(ratio: str) -> Size:
    width, _, height = ratio.partition(":")
    return int(width), int(height)


def _even(width: float, height: float) -> Size:
    # H.264 in yuv420p has no odd sides.
    return max(2, round(width / 2) * 2), max(2, round(height / 2) * 2)


@singledispatch
def work_of(body: b.Body, job: Job) -> Image.Image | Clip:
    """The still or the clip that answers this body."""
    raise NotImplementedError(type(body).__name__)


@work_of.register(b.Gen4Image)
@work_of.register(b.Gen4ImageTurbo)
@work_of.register(b.GeminiFlash)
def _still(body: b.Gen4Image | b.Gen4ImageTurbo | b.GeminiFlash, job: Job) -> Image.Image:
    picture = job.paint(_size(body.ratio), body.prompt, job.seed)
    note = f"{body.model}  ·  {body.ratio}  ·  seed {job.seed}"
    lettering.lay(lettering.caption(picture.size, body.prompt, note), picture)
    lettering.pin(job.pictures("reference"), picture)
    return picture


@work_of.register
def _larger_still(body: v.MagnificImage, job: Job) -> Image.Image:
    picture = job.picture("image")
    size = picture.width * body.scale_factor, picture.height * body.scale_factor
    return picture.resize(size, Image.Resampling.LANCZOS)


def _clip(
    job: Job, stills: Sequence[Image.Image], size: Size, seconds: float, audio: bool = False
) -> Clip:
    body = job.body
    note = f"{body.model}  ·  {size[0]}:{size[1]}  ·  {seconds:g} s"
    prores = ""
    if isinstance(body, b.Formatted) and body.output_format == "prores":
        prores = body.prores_profile or "4444"
    return Clip(stills, size, seconds, job.clip_pixels, body.prompt, note, job.seed, audio, prores)


@work_of.register(b.Gen4Turbo)
@work_of.register(b.Gen45)
@work_of.register(b.Veo)
@work_of.register(b.Gen3aTurbo)
def _from_image(body: b.Gen4Turbo | b.Gen45 | b.Veo | b.Gen3aTurbo, job: Job) -> Clip:
    stills = [picture for role in ("first", "last") for picture, _ in job.pictures(role)]
    audio = isinstance(body, b.Veo) and body.audio
    return _clip(job, stills, _size(body.ratio), body.duration, audio)


@work_of.register(b.Gen45Text)
@work_of.register(b.VeoText)
def _from_text(body: b.Gen45Text | b.VeoText, job: Job) -> Clip:
    size = _size(body.ratio)
    audio = isinstance(body, b.VeoText) and body.audio
    return _clip(job, [job.paint(size, body.prompt, job.seed)], size, body.duration, audio)


@work_of.register
def _aleph2(body: v.Aleph2, job: Job) -> Clip:
    asset = job.asset("video")
    aspect = asset.aspect
    if body.target_aspect_ratio:
        wide, tall = _size(body.target_aspect_ratio)
        aspect = wide / tall
    short = min(_LARGEST_ALEPH2, asset.width, asset.height)
    size = _even(short * aspect, short) if aspect >= 1 else _even(short, short / aspect)
    return _clip(job, [job.picture("video")], size, asset.seconds)


@work_of.register
def _gen4_aleph(body: v.Gen4Aleph, job: Job) -> Clip:
    return _clip(job, [job.picture("video")], _size(body.ratio), ALEPH_SECONDS)


@work_of.register
def _act_two(body: v.ActTwo, job: Job) -> Clip:
    seconds = job.asset("performance").seconds
    return _clip(job, [job.picture("character")], _size(body.ratio), seconds)


@work_of.register
def _magnific_video(body: v.MagnificVideo, job: Job) -> Clip:
    asset = job.asset("video")
    scale = _SHORT_SIDE[body.resolution] / min(asset.width, asset.height)
    size = _even(asset.width * scale, asset.height * scale)
    return _clip(job, [job.picture("video")], size, asset.seconds)


@work_of.register
def _upscale_v1(body: v.UpscaleV1, job: Job) -> Clip:
    asset = job.asset("video")
    scale = min(4.0, _LARGEST_UPSCALE_V1 / max(asset.width, asset.height))
    size = _even(asset.width * scale, asset.height * scale)
    return _clip(job, [job.picture("video")], size, asset.seconds)
