"""Every fault word, and the rate of failures that come by chance."""

import re

import aiohttp
import pytest

BODY = {"model": "gen4_image", "ratio": "720:720"}


@pytest.mark.parametrize(
    ("word", "code", "cost"),
    [
        ("!safety-input", "SAFETY.INPUT.TEXT", 5),
        ("!safety-output", "SAFETY.OUTPUT.VIDEO", 5),
        ("!bad-output", "INTERNAL.BAD_OUTPUT.01", 0),
        ("!internal", "INTERNAL", 0),
        ("!preprocessing", "INPUT_PREPROCESSING.INTERNAL", 0),
        ("!third-party", "THIRD_PARTY.UNAVAILABLE", 0),
        ("!asset", "ASSET.INVALID", 0),
        ("!Internal", "INTERNAL", 0),
    ],
)
async def test_failure_words_fail_the_task_and_refund_by_their_code(
    simulate, clock, word, code, cost
):
    api = await simulate(balance=100)
    id = await api.imagine(f"a cat, {word}. please")
    assert (await api.ask("GET", "/v1/organization"))[1]["creditBalance"] == 95
    clock.advance(60)
    task = await api.task(id)
    assert (task["status"], task["failureCode"]) == ("FAILED", code)
    assert task["failure"]
    assert task["cost"] == {"credits": cost}
    assert (await api.ask("GET", "/v1/organization"))[1]["creditBalance"] == 100 - cost
    assert (await api.books())["charged_credits"] == cost


@pytest.mark.parametrize("word", ["502", "503", "429"])
async def test_passing_words_refuse_the_same_body_twice_and_make_nothing(api, word):
    body = {**BODY, "promptText": f"a cat !{word}"}
    answers = [(await api.create("text_to_image", body))[0] for _ in range(3)]
    assert answers == [int(word), int(word), 200]
    assert (await api.create("text_to_image", {**body, "seed": 1}))[0] == int(word)
    assert len((await api.books())["creates"]) == 1


async def test_short_rate_limit_does_not_read_like_the_daily_one(api):
    _, short = await api.create("text_to_image", {**BODY, "promptText": "!429"})
    status, daily = await api.create("text_to_image", {**BODY, "promptText": "!daily"})
    pattern = r"(?i)daily.*(task|limit|cap|quota)"
    assert status == 429
    assert re.search(pattern, daily["error"])
    assert not re.search(pattern, short["error"])


async def test_403_says_that_the_model_is_not_available(api):
    answer = await api.create("text_to_image", {**BODY, "promptText": "!403"})
    assert answer == (403, {"error": "Model variant gen4_image is not available"})


async def test_504_makes_the_task_and_does_not_say_so(api):
    assert (await api.create("text_to_image", {**BODY, "promptText": "!504"}))[0] == 504
    books = await api.books()
    assert (len(books["creates"]), books["charged_credits"]) == (1, 5)


async def test_reset_makes_the_task_and_drops_the_connection(api):
    with pytest.raises(aiohttp.ClientConnectionError):
        await api.create("text_to_image", {**BODY, "promptText": "!reset"})
    assert len((await api.books())["creates"]) == 1


@pytest.mark.parametrize("method", ["GET", "DELETE"])
async def test_404_makes_a_task_that_is_unknown_in_its_first_second(api, clock, method):
    id = await api.imagine("!404")
    clock.advance(0.9)
    assert (await api.ask(method, f"/v1/tasks/{id}"))[0] == 404
    clock.advance(0.2)
    assert (await api.task(id))["status"] == "RUNNING"


async def test_stall_runs_for_ever_and_holds_its_place(simulate, clock):
    api = await simulate(concurrency=1)
    stalled, next_one = await api.imagine("!stall"), await api.imagine()
    clock.advance(864000)
    task = await api.task(stalled)
    assert (task["status"], task["progress"]) == ("RUNNING", 0.9)
    assert (await api.task(next_one))["status"] == "THROTTLED"
    await api.ask("DELETE", f"/v1/tasks/{stalled}")
    assert (await api.task(next_one))["status"] == "PENDING"


async def test_slow_takes_four_times_as_long(api, clock):
    id = await api.imagine("!slow")
    clock.advance(1 + 12)
    assert (await api.task(id))["progress"] == 0.5


async def test_cancelled_ends_by_itself_and_costs_nothing(api, clock):
    id = await api.imagine("!cancelled")
    clock.advance(60)
    task = await api.task(id)
    assert (task["status"], task["cost"]) == ("CANCELLED", {"credits": 0})


async def test_cut_breaks_the_first_download_half_way(api, clock):
    id = await api.imagine("!cut")
    clock.advance(60)
    url = (await api.task(id))["output"][0]
    with pytest.raises(aiohttp.ClientPayloadError):
        await api.download(url)
    status, headers, content = await api.download(url)
    assert status == 200
    assert len(content) == int(headers["Content-Length"])


async def test_expired_gives_dead_links_at_first(api, clock):
    id = await api.imagine("!expired")
    clock.advance(60)
    assert (await api.download((await api.task(id))["output"][0]))[0] == 403
    assert (await api.download((await api.task(id))["output"][0]))[0] == 200


async def test_garbage_breaks_the_first_answer_about_the_task(api):
    id = await api.imagine("!garbage")
    async with api.session.get(f"{api.url}/v1/tasks/{id}", headers=api.headers) as response:
        assert response.status == 200
        with pytest.raises(ValueError, match="Unterminated"):
            await response.json()
    assert (await api.task(id))["status"] == "PENDING"


async def test_words_work_together(api, clock):
    id = await api.imagine("!slow !cut, and more")
    clock.advance(1 + 24)
    url = (await api.task(id))["output"][0]
    with pytest.raises(aiohttp.ClientPayloadError):
        await api.download(url)


async def test_a_word_inside_another_is_no_fault(api, clock):
    id = await api.imagine("wow!stall and !!stall and !stalled")
    clock.advance(60)
    assert (await api.task(id))["status"] == "SUCCEEDED"


async def test_failure_rate_fails_about_so_many_and_refunds_them(simulate, clock):
    api = await simulate(failure_rate=0.5, concurrency=100, balance=1000)
    ids = [await api.imagine() for _ in range(40)]
    clock.advance(60)
    tasks = [await api.task(id) for id in ids]
    failed = [each for each in tasks if each["status"] == "FAILED"]
    assert {each["failureCode"] for each in failed} == {"INTERNAL"}
    assert 8 < len(failed) < 32
    balance = (await api.ask("GET", "/v1/organization"))[1]["creditBalance"]
    assert balance == 1000 - 5 * (40 - len(failed))
