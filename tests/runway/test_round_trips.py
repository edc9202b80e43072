"""Every operation of the catalog from our client through the simulator and back."""

import asyncio

import aiohttp
import pytest

from bot.catalog import load_catalog
from bot.commands.validation import complete
from bot.errors import NotCreated, OutcomeUnknown, ProviderUnavailable, Rejected, TaskGone
from bot.requests import Kind
from bot.runway.client import MOST_DATA_URI_BYTES
from bot.runway.simulator import SimulatorSettings, serve
from tests.quick import ROUGH

RETIRED = frozenset({"gen3a_turbo", "gen4_aleph", "upscale_v1"})
SPECS = load_catalog().all_specs()


class WallClock:
    time = 1_790_000_000.0

    def __call__(self) -> float:
        return self.time


@pytest.fixture
def clock() -> WallClock:
    return WallClock()


@pytest.fixture
async def simulator(clock):
    settings = SimulatorSettings(now=clock, jitter=0.0, seed=1, offer=RETIRED, **ROUGH)
    running = await serve(settings)
    yield running
    await running.stop()


@pytest.fixture
async def client(simulator, connect):
    return await connect(simulator.url)


@pytest.fixture
async def books(simulator):
    async def read():
        async with (
            aiohttp.ClientSession() as session,
            session.get(f"{simulator.url}/_simulator/books") as answer,
        ):
            return await answer.json()

    return read


@pytest.fixture
def inputs(keep, png, mp4):
    """The fewest inputs that a model needs, and for images one of every optional role as well."""

    async def make(spec):
        given = []
        for rule in spec.inputs:
            is_image = Kind.IMAGE in rule.kinds
            facts = {"width": 640, "height": 480} if is_image else {
                "width": 64, "height": 48, "duration": 4.0, "frames": 32,
            }  # fmt: skip
            tag = "image1" if "tagged" in rule.form else None
            kind = Kind.IMAGE if is_image else Kind.VIDEO
            given.append(await keep(rule.role, png if is_image else mp4, kind, tag, **facts))
        return tuple(given)

    return make


@pytest.mark.parametrize("spec", SPECS, ids=lambda spec: f"{spec.operation} {spec.id}")
async def test_an_operation_goes_there_and_back(client, clock, books, inputs, spec):
    prompt = "a fox" if spec.prompt.max else ""
    request = complete(spec, prompt, await inputs(spec), {}, lambda: 7)
    task_id = await client.create(request, await client.prepare(request))
    assert (await client.task(task_id)).status == "PENDING"
    clock.time += 5
    assert 0 < (await client.task(task_id)).progress < 1
    clock.time += 600
    done = await client.task(task_id)
    assert done.status == "SUCCEEDED"
    assert done.outputs
    (create,) = (await books())["creates"]
    assert (create["model"], create["operation"]) == (spec.id, spec.operation)
    # What we show as the price is what a strict reading of Runway's list comes to.
    assert request.price == create["credits"] == done.cost
    await client.delete(task_id)
    with pytest.raises(TaskGone):
        await client.task(task_id)


@pytest.mark.parametrize(
    ("word", "error"),
    [
        ("!429", NotCreated), ("!502", NotCreated), ("!503", NotCreated), ("!daily", NotCreated),
        ("!403", Rejected), ("!504", OutcomeUnknown), ("!reset", OutcomeUnknown),
    ],
)  # fmt: skip
async def test_what_goes_wrong_at_a_create_is_told_as_what_it_is(
    client, books, imagine, word, error
):
    request = type(imagine)(**{**vars(imagine), "prompt": f"a fox {word}"})
    with pytest.raises(error):
        await client.create(request, {})
    made = len((await books())["creates"])
    assert made == (1 if error is OutcomeUnknown else 0)


@pytest.mark.parametrize(
    ("word", "status", "code"),
    [
        ("!safety-input", "FAILED", "SAFETY.INPUT.TEXT"),
        ("!bad-output", "FAILED", "INTERNAL.BAD_OUTPUT.01"),
        ("!cancelled", "CANCELLED", None),
        ("!garbage", "SUCCEEDED", None),
    ],
)
async def test_how_a_task_ends_is_read_as_it_is(client, clock, imagine, word, status, code):
    request = type(imagine)(**{**vars(imagine), "prompt": f"a fox {word}"})
    task_id = await client.create(request, {})
    clock.time += 600
    task = await client.task(task_id)
    assert (task.status, task.failure_code) == (status, code)
    assert task.cost == (0 if status == "CANCELLED" or code == "INTERNAL.BAD_OUTPUT.01" else 8)


async def test_the_organisation_offers_what_the_catalog_then_shows(client):
    organization = await client.organization()
    assert set(organization.models) == {spec.id for spec in SPECS}
    assert organization.balance == 1_000_000


HEADER = len("data:image/png;base64,")
# Base64 makes four letters of three bytes: the largest file that fits, to the byte.
LARGEST_INLINE = (MOST_DATA_URI_BYTES - HEADER) // 4 * 3


@pytest.mark.parametrize(
    ("size", "scheme"),
    [
        (LARGEST_INLINE, "data:image/png;base64,"),
        (LARGEST_INLINE + 1, "runway://"),
        (9_000_000, "runway://"),
    ],
)
async def test_what_is_too_large_for_a_data_uri_is_uploaded(client, keep, png, spec_of, size, scheme):  # fmt: skip
    padded = png + bytes(size - len(png))
    given = await keep("image", padded, width=640, height=480)
    assert given.media.size == size
    request = complete(spec_of("gen4_turbo"), "", (given,), {}, lambda: 7)
    uris = await client.prepare(request)
    assert uris[given.media.key].startswith(scheme)
    assert len(uris[given.media.key]) <= 5 * 1024 * 1024
    assert await client.create(request, uris)


@pytest.fixture
def spec_of():
    return lambda model: next(spec for spec in SPECS if spec.id == model)


async def test_a_file_in_two_roles_is_made_reachable_once(client, keep, mp4, spec_of):
    facts = {"width": 64, "height": 48, "duration": 4.0}
    given = await keep("performance", mp4, Kind.VIDEO, **facts)
    both = (type(given)("character", given.media), given)
    request = complete(spec_of("act_two"), "", both, {}, lambda: 7)
    assert list(await client.prepare(request)) == [given.media.key]


async def test_an_upload_whose_second_leg_breaks_begins_anew(server, connect, keep, png, spec_of):
    place = {"uploadUrl": f"{server.url}/bucket", "fields": {"key": "1"}, "runwayUri": "runway://1"}
    good = server.json(200, place)
    server.then(
        good, server.reset(before_body=False), good, server.text(503, b""), good,
        server.text(204, b""),
    )  # fmt: skip
    given = await keep("image", png + bytes(6_000_000), width=640, height=480)
    request = complete(spec_of("gen4_turbo"), "", (given,), {}, lambda: 7)
    uris = await (await connect(server.url)).prepare(request)
    assert uris == {given.media.key: "runway://1"}
    assert [seen.path for seen in server.seen] == ["/v1/uploads", "/bucket"] * 3


async def test_no_file_goes_in_the_clear_to_another_machine(server, connect, tmp_path):
    place = {"uploadUrl": "http://nowhere.invalid/", "fields": {}, "runwayUri": "runway://1"}
    server.then(*[server.json(200, place)] * 3)
    file = tmp_path / "input.png"
    file.write_bytes(b"private")
    with pytest.raises(ProviderUnavailable, match="not https"):
        await (await connect(server.url)).upload(file, file.name)


async def test_a_file_that_is_gone_from_the_archive_is_told(client, keep, png, archive, spec_of):
    given = await keep("image", png, width=640, height=480)
    await archive.delete(given.media.key)
    request = complete(spec_of("gen4_turbo"), "", (given,), {}, lambda: 7)
    with pytest.raises(FileNotFoundError):
        await client.prepare(request)


async def test_four_who_ask_at_once_need_three_floors(client, simulator, connect, imagine):
    """A lower bound, so that a slow machine cannot fail it."""
    floor, loop = 0.25, asyncio.get_running_loop()
    patient = await connect(simulator.url, floor=floor)
    task_id = await client.create(imagine, {})
    begun = loop.time()
    await asyncio.gather(*(patient.task(task_id) for _ in range(4)))
    assert loop.time() - begun >= 3 * floor


@pytest.fixture
async def large(keep, png, spec_of):
    """A request with a picture of 3.9 MB inside."""
    given = await keep("image", png + bytes(LARGEST_INLINE - len(png)), width=640, height=480)
    return complete(spec_of("gen4_turbo"), "", (given,), {}, lambda: 7)


async def test_a_large_create_that_is_cut_off_is_unknown_and_not_repeated(server, connect, large):
    server.then(server.reset(before_body=True))
    client = await connect(server.url)
    with pytest.raises(OutcomeUnknown):
        await client.create(large, await client.prepare(large))
    assert server.asked("POST") == 1


async def test_a_large_create_arrives_whole(server, connect, large):
    server.then(server.json(200, {"id": "t1"}))
    client = await connect(server.url)
    uris = await client.prepare(large)
    assert await client.create(large, uris) == "t1"
    assert server.seen[0].body["promptImage"] == uris[large.inputs[0].media.key]
    assert "Transfer-Encoding" not in server.seen[0].headers


async def test_a_large_create_that_is_refused_before_it_was_read_is_refused(server, connect, large):
    server.then(server.early(401, {"error": "no"}))
    client = await connect(server.url)
    with pytest.raises(Rejected):
        await client.create(large, await client.prepare(large))
    assert server.asked("POST") == 1
