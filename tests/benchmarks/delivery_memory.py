"""How much memory the bot needs beyond its own to deliver an output of 200 MB.

`python tests/benchmarks/delivery_memory.py [megabytes]` serves a video of that size on loopback,
lets the library collect it into an archive as the bot does, sends it on as it is, then compresses
it for a channel of 10 MiB, and prints the peak of the bot's own process above its start. The child
processes that decode and encode, and the server that the video comes from, are not the bot.
"""

import asyncio
import resource
import subprocess
import sys
import tempfile
from pathlib import Path

import av
from aiohttp import ClientSession, web
from PIL import Image

from bot.archive import Archive
from bot.media.download import Downloader
from bot.media.fitting import MediaFitter
from bot.media.library import MediaLibrary
from bot.requests import Kind

MIB = 1024 * 1024
ALLOWED_MIB = 32


def main() -> None:
    if sys.argv[1:2] == ["serve"]:
        asyncio.run(serve(Path(sys.argv[2]), int(sys.argv[3])))
        return
    megabytes = int(sys.argv[1]) if len(sys.argv) > 1 else 200
    with tempfile.TemporaryDirectory(prefix="dailies-") as folder:
        command = [sys.executable, __file__, "serve", folder, str(megabytes * 1_000_000)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
            assert server.stdout is not None
            try:
                asyncio.run(deliver(server.stdout.readline().strip(), Path(folder)))
            finally:
                server.terminate()


async def serve(folder: Path, size: int) -> None:
    """Make the video, then be Runway's storage, and a chat that takes any upload."""
    path = folder / "output.mp4"
    make_video(path, size)

    async def take(request: web.Request) -> web.Response:
        taken = 0
        async for piece in request.content.iter_chunked(MIB):
            taken += len(piece)
        return web.json_response(taken)

    async def give(_request: web.Request) -> web.StreamResponse:
        return web.FileResponse(path)

    app = web.Application(client_max_size=0)
    app.add_routes([web.get("/output.mp4", give), web.post("/upload", take)])
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    print(f"http://127.0.0.1:{runner.addresses[0][1]}", flush=True)
    await asyncio.Event().wait()


def make_video(path: Path, size: int) -> None:
    """A real video of about `size` bytes: noise at a bit rate that makes it so large."""
    seconds, rate = 10, 24
    images = [Image.effect_noise((1920, 1080), 90).convert("RGB") for _ in range(4)]
    frames = [av.VideoFrame.from_image(image) for image in images]
    bits = size * 8 // seconds
    with av.open(str(path), "w") as opened:
        options = {"preset": "ultrafast", "nal-hrd": "cbr", "maxrate": str(bits)}
        stream = opened.add_stream("libx264", rate=rate, options=options)
        stream.width, stream.height, stream.pix_fmt = 1920, 1080, "yuv420p"
        stream.bit_rate = bits
        for turn in range(seconds * rate):
            frame = frames[turn % len(frames)]
            frame.pts = turn
            opened.mux(stream.encode(frame))
        opened.mux(stream.encode())


async def deliver(url: str, folder: Path) -> None:
    """Collect the output and send it: as it is, and compressed."""
    archive = Archive(str(folder / "archive"))
    async with ClientSession() as session:
        library = MediaLibrary(archive, Downloader(session, allow_loopback=True))
        async with session.get(f"{url}/nothing") as answer:  # the libraries are warm from here on
            await answer.read()
        before = peak(resource.RUSAGE_SELF)
        media = await library.collect(f"{url}/output.mp4", "outputs/job/0", Kind.VIDEO, "film")
        tell(f"collected {media.size / 1e6:.0f} MB", before)
        path = archive.local_path(media.key)
        assert path is not None
        with path.open("rb") as file:
            async with session.post(f"{url}/upload", data=file) as answer:
                assert await answer.json() == media.size
        tell(f"sent {media.size / 1e6:.0f} MB as it is", before)
        fitted = await MediaFitter(archive).fit(media, 10 * MIB)
        assert fitted.media is not None
        tell(f"compressed to {fitted.media.size / MIB:.1f} MiB", before)
    extra = peak(resource.RUSAGE_SELF) - before
    print(f"largest child process: {peak(resource.RUSAGE_CHILDREN):.0f} MiB")
    print(f"extra memory: {extra:.1f} MiB of {ALLOWED_MIB} MiB allowed")
    if extra >= ALLOWED_MIB:
        sys.exit("TOO MUCH")


def peak(who: int) -> float:
    """The largest resident size so far, in MiB; macOS counts in bytes, Linux in KiB."""
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(who).ru_maxrss * unit / MIB


def tell(what: str, before: float) -> None:
    print(f"{what}: +{peak(resource.RUSAGE_SELF) - before:.1f} MiB", flush=True)


if __name__ == "__main__":
    main()
