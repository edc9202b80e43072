"""A person at a browser, before a real simulator and a real `dailies run`, each its own process."""

import asyncio
import os
import re
import shutil
import signal
from collections import deque

import pytest
import pytest_asyncio
from PIL import Image, ImageDraw
from playwright.async_api import async_playwright, expect

from tests.browser.chromium import CHROMIUM, FLAGS
from tests.launching import launch
from tests.quick import ROUGH

QUICK = {"image": 0.6, "video": 1, "upscale": 0.6, "queue": 0.2}
PATIENCE = 30.0
# Without a graphics card, animations alone would keep a processor busy.
SCREEN = {
    "locale": "en-US",
    "timezone_id": "UTC",
    "viewport": {"width": 1280, "height": 800},
    "reduced_motion": "reduce",
}

session = pytest_asyncio.fixture(scope="session", loop_scope="session")
each = pytest_asyncio.fixture(loop_scope="session")


class Process:
    """A `dailies` command at work; `url` is the address that it announced."""

    def __init__(self, process):
        self._process = process
        self._last = deque(maxlen=200)
        self.tracebacks = 0
        self.url = ""

    @classmethod
    async def start(cls, folder, *arguments, **settings):
        clean = {k: v for k, v in os.environ.items() if not k.startswith(("DAILIES_", "RUNWAY"))}
        process = cls(await launch([str(word) for word in arguments], clean | settings, folder))
        async with asyncio.timeout(PATIENCE):
            await process._announcement()
        process._reader = asyncio.create_task(process._read_on())
        return process

    async def stop(self, how=signal.SIGTERM):
        """End it, and answer with its exit code."""
        if self._process.returncode is None:
            self._process.send_signal(how)
        async with asyncio.timeout(PATIENCE):
            await self._reader
            return await self._process.wait()

    def told(self):
        """The last lines that it wrote."""
        return "".join(self._last)

    async def _announcement(self):
        async for line in self._process.stdout:
            self._last.append(line.decode())
            found = re.search(r"http://127\.0\.0\.1:\d+", self._last[-1])
            if found:
                self.url = found.group()
                return
        raise AssertionError(f"it ended before it was ready:\n{self.told()}")

    async def _read_on(self):
        # A pipe that nobody reads would stop the process.
        async for line in self._process.stdout:
            self._last.append(line.decode())
            self.tracebacks += "Traceback" in self._last[-1]


class Stage:
    """A simulator and a bot that uses it, with a folder for both. Only the bot is ever restarted."""

    def __init__(self, folder, migrated_file, settings, simulator):
        self._folder = folder
        shutil.copy(migrated_file, folder / "dailies.db")
        self._simulator_options = simulator
        self._settings = {
            "DAILIES_PLAYGROUND__ENABLED": "true",
            "DAILIES_RUNWAY__POLL_SECONDS": "0.5",
            "DAILIES_WEB__PORT": "0",
            "DAILIES_STORAGE__URL": f"sqlite:///{folder}/dailies.db",
            "DAILIES_ARCHIVE__URL": f"{folder}/archive",
            "RUNWAYML_API_SECRET": "key_" + "0" * 128,
            **settings,
        }

    async def open(self):
        times = {f"--{k}-seconds": v for k, v in QUICK.items()}
        rough = {f"--{name.replace('_', '-')}": pixels for name, pixels in ROUGH.items()}
        usual = {"--port": 0, "--jitter": 0, "--seed": 7, **rough}
        options = {**usual, **times, **self._simulator_options}
        arguments = [str(word) for pair in options.items() for word in pair]
        state = self._folder / "runway"
        self.simulator = await Process.start(
            self._folder, "simulator", "--state-dir", state, *arguments
        )
        self._settings["DAILIES_RUNWAY__BASE_URL"] = self.simulator.url
        await self.start()

    async def start(self):
        """Start the bot; once it had a port, on that one."""
        self.bot = await Process.start(self._folder, "run", **self._settings)
        self.url = self.bot.url
        self._settings["DAILIES_WEB__PORT"] = self.url.rpartition(":")[2]

    async def close(self):
        codes = [await self.bot.stop(), await self.simulator.stop()]
        assert codes == [0, 0], "a process did not end by itself when it was asked to"
        assert self.bot.tracebacks == 0, f"the bot was surprised:\n{self.bot.told()}"


class Chat:
    """The page as one person sees it; what they do, by what they see."""

    def __init__(self, page, url):
        self.page = page
        self.url = url
        self.troubles = []
        self.tolerated = [r"^Failed to load resource: .* status of 4\d\d"]
        self.box = page.get_by_role("combobox", name="Message #dailies")
        self.notes = page.locator("li.is-private")
        page.on("console", self._heard)
        page.on("pageerror", lambda error: self.troubles.append(str(error)))
        page.on("request", self._asked)

    async def tab(self):
        """Open the page once more, in another tab of the same browser."""
        other = Chat(await self.page.context.new_page(), self.url)
        other.page.set_default_timeout(PATIENCE * 1000)
        other.troubles, other.tolerated = self.troubles, self.tolerated
        await other.page.goto(self.page.url)
        await expect(other.page.get_by_test_id("credits-left")).to_be_visible()
        return other

    async def command(self, text):
        """Type a command and press Enter; the status of the server's answer."""
        async with self.page.expect_response("**/api/commands") as answer:
            await self.box.fill(text)
            await self.box.press("Enter")
        return (await answer.value).status

    async def job(self, text):
        """Send a command that is accepted; the id of the job on its new card."""
        known = {body["job_id"] for body in await self.messages()}
        assert await self.command(text) == 202
        (new,) = {body["job_id"] for body in await self.messages()} - known
        await expect(self.card(new)).to_be_visible()
        return new

    async def act_as(self, name):
        """Choose another member in the switch; that their credits are shown says that it is done."""
        async with self.page.expect_response("**/api/info?*"):
            await self.page.get_by_title(name, exact=True).click()
        await expect(self.page.get_by_role("radio", name=name)).to_be_checked()

    def card(self, job):
        return self.page.locator(f'li[data-job-id="{job}"]:has([data-testid=card])')

    def result(self, job):
        return self.page.locator(f'li[data-job-id="{job}"]:not(:has([data-testid=card]))')

    async def delivered(self, job):
        """Wait for a job's result: its message."""
        await expect(self.card(job)).to_have_attribute("data-state", "delivered")
        await expect(self.result(job)).to_have_count(1)
        return self.result(job)

    async def child(self, parent, but=()):
        """Wait for the card of a job that was made from another one: its id."""
        cards = self.page.locator("li:has([data-testid=card])").filter(
            has_text=re.compile(f"from {parent}|of {parent}")
        )
        for known in but:
            cards = cards.and_(self.page.locator(f'li:not([data-job-id="{known}"])'))
        await expect(cards).to_have_count(1)
        return await cards.get_attribute("data-job-id")

    async def get(self, path):
        answer = await self.page.request.get(f"{self.url}{path}")
        assert answer.ok
        return await answer.json()

    async def messages(self, member="ada"):
        return await self.get(f"/api/messages?member={member}")

    async def credits_left(self, member="ada"):
        return (await self.get(f"/api/info?member={member}"))["credits_left"]

    def _heard(self, message):
        if message.type == "error" and not any(re.search(p, message.text) for p in self.tolerated):
            self.troubles.append(message.text)

    def _asked(self, request):
        if not request.url.startswith((self.url, "blob:", "data:")):
            self.troubles.append(f"the page asked another server: {request.url}")


@session
async def browser():
    if CHROMIUM is None:
        pytest.skip("no Chromium or Chrome is installed")
    expect.set_options(timeout=PATIENCE * 1000)
    async with async_playwright() as playwright:
        chromium = await playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield chromium
        await chromium.close()


@session
async def stage(browser, tmp_path_factory, migrated_file):
    """What most tests share: quick, with credits for all of them."""
    settings = {"DAILIES_QUOTA__CREDITS": "100000"}
    shared = Stage(tmp_path_factory.mktemp("stage"), migrated_file, settings, {})
    await shared.open()
    yield shared
    await shared.close()


@each
async def set_up(browser, tmp_path, migrated_file):
    """Opens a stage of a test's own: `settings` of the bot, and options of the simulator."""
    opened = []

    async def open_stage(settings=(), **simulator):
        options = {f"--{name.replace('_', '-')}": value for name, value in simulator.items()}
        own = Stage(tmp_path, migrated_file, dict(settings), options)
        await own.open()
        opened.append(own)
        return own

    yield open_stage
    for own in opened:
        await own.close()


@each
async def run_demo(tmp_path):
    """Runs `dailies demo` in one folder."""
    started = []

    async def run():
        demo = await Process.start(tmp_path, "demo", "--port", "0")
        started.append(demo)
        return demo

    yield run
    for demo in started:
        assert await demo.stop() == 0


@each
async def enter(browser, stage, set_up, run_demo):
    """Opens the page as a member. Afterwards, whatever the browser complained of fails the test."""
    # `set_up` and `run_demo` are asked for so that pages close before what they look at.
    chats, contexts = [], []

    async def open_page(member="ada", url=None, **options):
        url = url or stage.url
        context = await browser.new_context(**{**SCREEN, **options})
        contexts.append(context)
        page = await context.new_page()
        page.set_default_timeout(PATIENCE * 1000)
        chat = Chat(page, url)
        chats.append(chat)
        await page.goto(f"{url}/?member={member}")
        await expect(page.get_by_test_id("credits-left")).to_be_visible()
        return chat

    yield open_page
    for context in contexts:
        await context.close()
    assert [trouble for chat in chats for trouble in chat.troubles] == []


@pytest.fixture(scope="session")
def photo(tmp_path_factory):
    """A photograph as a phone would send it: a JPEG of 1600×1200."""
    path = tmp_path_factory.mktemp("photos") / "holiday.jpg"
    sky = Image.linear_gradient("L").resize((1600, 1200)).convert("RGB")
    ImageDraw.Draw(sky).ellipse((900, 300, 1200, 600), fill=(255, 190, 90))
    Image.blend(sky, Image.effect_noise(sky.size, 80).convert("RGB"), 0.2).save(path, quality=88)
    return path
