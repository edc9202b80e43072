"""Videos from outside: what is learnt of good ones, and how bad ones are refused."""

from collections.abc import Awaitable, Callable
from pathlib import Path

import av
import pytest
from aiohttp import web

from bot.media.children import Budget, Children
from bot.media.errors import Reason, UnusableFile
from bot.media.inspect import Limits
from tests.media.inside import inspect

Film = Callable[..., Path]
FASTSTART = {"movflags": "faststart"}
FRAGMENTED = {"movflags": "frag_keyframe+empty_moov"}


async def _refusal(
    path: Path, name: str | None = None, limits: Limits | None = None
) -> UnusableFile:
    with pytest.raises(UnusableFile) as caught:
        await inspect(path, name or path.name, limits=limits or Limits())
    return caught.value


@pytest.mark.parametrize(
    ("name", "codec", "pixels", "content_type", "told"),
    [
        ("a.mp4", "libx264", "yuv420p", "video/mp4", "h264"),
        ("b.mp4", "libx265", "yuv420p", "video/mp4", "hevc"),
        ("a.mov", "prores_ks", "yuv422p10le", "video/quicktime", "prores"),
        ("a.webm", "libvpx-vp9", "yuv420p", "video/webm", "vp9"),
        ("a.mkv", "libx264", "yuv420p", "video/x-matroska", "h264"),
    ],
)
async def test_a_good_video_tells_its_facts(
    film: Film, name: str, codec: str, pixels: str, content_type: str, told: str
) -> None:
    path = film(name, frames=36, codec=codec, pixels=pixels)
    info = await inspect(path, name)
    assert (info.kind, info.content_type, info.extension) == (
        "video",
        content_type,
        path.suffix[1:],
    )
    assert (info.width, info.height, info.frames, info.codec) == (160, 96, 36, told)
    assert info.duration == pytest.approx(1.5, abs=0.01)


@pytest.mark.parametrize("options", [FASTSTART, FRAGMENTED])
async def test_every_layout_of_mp4_is_taken(film: Film, options: dict[str, str]) -> None:
    info = await inspect(film("a.mp4", options=options), "a.mp4")
    assert (info.frames, info.duration) == (24, pytest.approx(1.0, abs=0.01))


async def test_a_live_recording_without_a_duration_is_measured(film: Film) -> None:
    path = film("a.webm", codec="libvpx", options={"live": "1"}, container="webm")
    info = await inspect(path, "a.webm")
    assert info.duration == pytest.approx(1.0, abs=0.05)


async def test_a_single_frame_is_a_video(film: Film) -> None:
    info = await inspect(film("a.mp4", frames=1), "a.mp4")
    assert info.frames == 1


async def test_a_turned_video_tells_its_size_as_shown(film: Film, tmp_path: Path) -> None:
    turned = tmp_path / "turned.mp4"
    with av.open(str(film("a.mp4"))) as source, av.open(str(turned), "w") as target:
        stream = source.streams.video[0]
        copy = target.add_stream_from_template(stream)
        copy.set_display_rotation(90)
        for packet in source.demux(stream):
            if packet.dts is not None:
                packet.stream = copy
                target.mux(packet)
    info = await inspect(turned, "turned.mp4")
    assert (info.width, info.height) == (96, 160)


@pytest.mark.parametrize(
    ("name", "options"),
    [("a.mp4", {}), ("a.mp4", FASTSTART), ("a.mp4", FRAGMENTED), ("a.mkv", {}), ("a.mov", {})],
)
@pytest.mark.parametrize("share", [0.3, 0.6, 0.97])
async def test_a_truncated_video_is_refused(
    film: Film, name: str, options: dict[str, str], share: float
) -> None:
    path = film(name, options=options)
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * share)])
    assert (await _refusal(path)).reason is Reason.UNDECODABLE


async def test_a_cut_exactly_between_two_pictures_is_refused(film: Film) -> None:
    path = film("a.mp4", options=FASTSTART)
    with av.open(str(path)) as opened:
        packets = [p for p in opened.demux(video=0) if p.pos is not None]
        middle = packets[12].pos
    path.write_bytes(path.read_bytes()[:middle])
    assert (await _refusal(path)).reason is Reason.UNDECODABLE


@pytest.mark.parametrize("name", ["a.mp4", "a.mkv"])
async def test_a_sparse_copy_is_refused(film: Film, name: str) -> None:
    path = film(name, options=FASTSTART if name == "a.mp4" else {})
    data = path.read_bytes()
    half = len(data) // 2
    path.write_bytes(data[:half] + bytes(len(data) - half))
    assert (await _refusal(path)).reason is Reason.UNDECODABLE


async def test_noise_in_place_of_pictures_is_refused(film: Film) -> None:
    path = film("a.mp4", options=FASTSTART)
    data = path.read_bytes()
    start = data.index(b"mdat") + 4
    path.write_bytes(data[:start] + bytes(i * 89 % 251 for i in range(len(data) - start)))
    assert (await _refusal(path)).reason is Reason.UNDECODABLE


async def test_a_first_picture_with_damage_inside_is_refused(film: Film) -> None:
    path = film("a.mp4", options=FASTSTART)
    data = bytearray(path.read_bytes())
    inside = data.index(b"mdat") + 2000
    data[inside : inside + 600] = bytes(i * 89 % 251 for i in range(600))
    path.write_bytes(data)
    assert (await _refusal(path)).reason is Reason.UNDECODABLE


async def test_a_video_without_frames_has_no_duration(tmp_path: Path) -> None:
    path = tmp_path / "a.mp4"
    with av.open(str(path), "w", options={"movflags": "empty_moov"}) as opened:
        stream = opened.add_stream("libx264", rate=24)
        stream.width, stream.height, stream.pix_fmt = 160, 96, "yuv420p"
        opened.start_encoding()
    assert (await _refusal(path)).reason is Reason.ZERO_DURATION


async def test_sound_alone_is_no_video(tmp_path: Path) -> None:
    path = tmp_path / "a.mp4"
    with av.open(str(path), "w") as opened:
        stream = opened.add_stream("aac", rate=44_100)
        for turn in range(10):
            frame = av.AudioFrame(format="fltp", layout="stereo", samples=1024)
            frame.sample_rate, frame.pts = 44_100, turn * 1024
            for plane in frame.planes:
                plane.update(bytes(plane.buffer_size))
            opened.mux(stream.encode(frame))
        opened.mux(stream.encode())
    assert (await _refusal(path)).reason is Reason.NO_VIDEO


async def test_an_encrypted_video_is_refused_as_such(film: Film) -> None:
    key, name = "0123456789abcdef" * 2, "fedcba9876543210" * 2
    options = {"encryption_scheme": "cenc-aes-ctr", "encryption_key": key, "encryption_kid": name}
    assert (await _refusal(film("a.mp4", options=options))).reason is Reason.ENCRYPTED


async def test_a_codec_that_we_do_not_decode_is_named(film: Film) -> None:
    refusal = await _refusal(film("a.mkv", codec="ffv1"))
    assert (refusal.reason, refusal.found) == (Reason.UNSUPPORTED_TYPE, "ffv1")


async def test_a_small_file_of_huge_frames_is_refused_by_its_pixels(film: Film) -> None:
    refusal = await _refusal(film("a.mp4", size=(320, 200)), limits=Limits(frame_pixels=60_000))
    assert (refusal.reason, refusal.actual) == (Reason.TOO_MANY_PIXELS, 64_000)


async def test_a_video_over_the_longest_is_refused_with_both_lengths(film: Film) -> None:
    refusal = await _refusal(film("a.mp4", frames=36), limits=Limits(seconds=1.0))
    assert (refusal.reason, refusal.limit, refusal.actual) == (Reason.TOO_LONG, 1.0, 1.5)


async def test_a_header_that_understates_the_duration_does_not_shorten_it(film: Film) -> None:
    path = film("a.mkv", frames=48)
    data = path.read_bytes()
    duration = data.index(b"\x44\x89\x88") + 3  # Matroska: Duration, eight bytes of float
    path.write_bytes(data[:duration] + b"\x3f\xf0" + bytes(6) + data[duration + 8 :])
    assert (await inspect(path, "a.mkv")).duration == pytest.approx(2.0, abs=0.05)


@pytest.mark.parametrize("container", ["mp4", "matroska", "hls"])
async def test_a_playlist_in_disguise_never_reaches_the_network(
    tmp_path: Path,
    serve: Callable[..., Awaitable[str]],
    container: str,
) -> None:
    asked: list[str] = []

    async def answer(request: web.Request) -> web.Response:
        asked.append(request.path)
        return web.Response(status=404)

    base = await serve(answer)
    path = tmp_path / "a.mp4"
    path.write_text(f"#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\n{base}/a.ts\n#EXT-X-ENDLIST\n")
    refusal = await _refusal(path)
    assert (refusal.reason, refusal.found) == (Reason.NAME_MISMATCH, "text")
    # Past the sniffing, straight into the decoder, even as the playlist that it is:
    terms = {"pixels": 40_000_000, "side": 16_384}
    found = await Children().run("inspect_video", path, container, terms, Budget())
    assert "found" not in found
    assert asked == []
