"""The life of a task: its phases, its place in line, its price, and how it ends."""

import uuid

import pytest

VIDEO = {
    "model": "gen4_turbo",
    "promptText": "waves",
    "promptImage": "https://example.com/a.png",
    "ratio": "1280:720",
    "duration": 2,
}


async def test_task_goes_through_its_phases(api, clock):
    id = await api.imagine()
    pending = await api.task(id)
    assert pending["status"] == "PENDING"
    assert pending["estimatedCost"] == {"credits": 5}
    assert uuid.UUID(id).version == 4
    clock.advance(1 + 3)
    running = await api.task(id)
    assert (running["status"], running["progress"]) == ("RUNNING", 0.5)
    clock.advance(3)
    done = await api.task(id)
    assert (done["status"], done["cost"], len(done["output"])) == ("SUCCEEDED", {"credits": 5}, 1)
    assert "estimatedCost" not in done


async def test_jitter_varies_durations_the_same_way_for_the_same_seed(simulate, clock):
    async def durations() -> list[str]:
        api = await simulate(jitter=0.5, seed=9, concurrency=50)
        ids = [await api.imagine() for _ in range(12)]
        clock.advance(1 + 6)
        states = [(await api.task(id)) for id in ids]
        return [f"{each['status']} {each.get('progress')}" for each in states]

    first, second = await durations(), await durations()
    assert first == second
    assert len(set(first)) > 3


async def test_tasks_above_the_concurrency_wait_their_turn_first_in_first_out(simulate, clock):
    api = await simulate(concurrency=1)
    first, second, third = [await api.imagine(f"number {n}") for n in range(3)]

    async def states() -> list[str]:
        return [(await api.task(id))["status"] for id in (first, second, third)]

    assert await states() == ["PENDING", "THROTTLED", "THROTTLED"]
    clock.advance(7)
    assert await states() == ["SUCCEEDED", "PENDING", "THROTTLED"]
    clock.advance(7)
    assert await states() == ["SUCCEEDED", "SUCCEEDED", "PENDING"]


async def test_places_that_freed_while_nobody_asked_went_to_the_next_at_that_time(simulate, clock):
    api = await simulate(concurrency=1)
    ids = [await api.imagine(f"number {n}") for n in range(3)]
    clock.advance(7 + 7 + 4)
    states = [await api.task(id) for id in ids]
    assert [each["status"] for each in states] == ["SUCCEEDED", "SUCCEEDED", "RUNNING"]
    assert states[2]["progress"] == 0.5


async def test_concurrency_is_counted_per_model(simulate):
    api = await simulate(concurrency=1)
    await api.imagine()
    other = await api.made("image_to_video", VIDEO)
    assert (await api.task(other))["status"] == "PENDING"


async def test_cancelling_frees_the_place_at_once(simulate, clock):
    api = await simulate(concurrency=1)
    first, second = await api.imagine("one"), await api.imagine("two")
    clock.advance(3)
    assert (await api.ask("DELETE", f"/v1/tasks/{first}"))[0] == 204
    assert (await api.task(second))["status"] == "PENDING"


@pytest.mark.parametrize(
    ("wait", "concurrency", "charged"), [(0, 1, 0), (0, 3, 0), (3, 3, 5)], ids=str
)
async def test_cancelling_refunds_only_what_does_not_run(
    simulate, clock, wait, concurrency, charged
):
    api = await simulate(concurrency=concurrency, balance=1000)
    ahead = await api.imagine("ahead")
    id = await api.imagine()
    clock.advance(wait)
    assert (await api.ask("DELETE", f"/v1/tasks/{id}"))[0] == 204
    _, organization = await api.ask("GET", "/v1/organization")
    assert organization["creditBalance"] == 1000 - 5 - charged
    entry = {each["id"]: each for each in (await api.books())["tasks"]}
    assert (entry[id]["status"], entry[id]["cost"]) == ("CANCELLED", charged)
    assert entry[ahead]["status"] != "CANCELLED"


async def test_cancelled_and_deleted_tasks_are_unknown_from_then_on(api, clock):
    cancelled, deleted = await api.imagine("one"), await api.imagine("two")
    assert (await api.ask("DELETE", f"/v1/tasks/{cancelled}"))[0] == 204
    clock.advance(60)
    url = (await api.task(deleted))["output"][0]
    assert (await api.ask("DELETE", f"/v1/tasks/{deleted}"))[0] == 204
    for id in (cancelled, deleted, str(uuid.uuid4()), "nonsense"):
        for method in ("GET", "DELETE"):
            status, answer = await api.ask(method, f"/v1/tasks/{id}")
            assert (status, list(answer)) == (404, ["error"])
    assert (await api.download(url))[0] == 404


async def test_deleting_a_finished_task_refunds_nothing(simulate, clock):
    api = await simulate(balance=100)
    id = await api.imagine()
    clock.advance(60)
    assert (await api.ask("DELETE", f"/v1/tasks/{id}"))[0] == 204
    assert (await api.ask("GET", "/v1/organization"))[1]["creditBalance"] == 95


async def test_daily_limit_rolls_over_24_hours_and_refuses_at_create(simulate, clock):
    api = await simulate(daily_limit=2)
    await api.imagine("one")
    clock.advance(3600)
    await api.imagine("two")
    body = {"model": "gen4_image", "promptText": "three", "ratio": "720:720"}
    status, answer = await api.create("text_to_image", body)
    assert status == 429
    assert "daily task limit" in answer["error"]
    clock.advance(86400 - 3600 - 1)
    assert (await api.create("text_to_image", body))[0] == 429
    clock.advance(1)
    assert (await api.create("text_to_image", body))[0] == 200
    assert await api.made("image_to_video", VIDEO)


async def test_no_credits_is_a_400_and_makes_nothing(simulate):
    api = await simulate(balance=9)
    await api.imagine()
    body = {"model": "gen4_image", "promptText": "another", "ratio": "720:720"}
    status, answer = await api.create("text_to_image", body)
    assert status == 400
    assert answer == {"error": "You do not have enough credits to run this task."}
    books = await api.books()
    assert (len(books["creates"]), books["charged_credits"]) == (1, 5)


async def test_organization_tells_limits_use_and_balance(simulate):
    api = await simulate(balance=500, concurrency=2, daily_limit=7, offer=frozenset({"gen4_aleph"}))
    await api.imagine()
    _, answer = await api.ask("GET", "/v1/organization")
    assert answer["creditBalance"] == 495
    limits = answer["tier"]["models"]
    assert limits["gen4_image"] == {"maxConcurrentGenerations": 2, "maxDailyGenerations": 7}
    assert answer["usage"]["models"]["gen4_image"] == {"dailyGenerations": 1}
    assert "gen4_aleph" in limits
    assert "gen3a_turbo" not in limits


async def test_usage_counts_charges_and_refunds_on_their_days(api, clock):
    clock.time = 1_790_035_195.0  # 2026-09-21, five seconds before midnight
    await api.imagine("!internal")
    clock.advance(10)
    days = {"startDate": "2026-09-21", "beforeDate": "2026-09-23"}
    status, answer = await api.ask("POST", "/v1/organization/usage", json=days)
    assert status == 200
    amounts = {each["date"]: each["usedCredits"] for each in answer["results"]}
    assert amounts == {
        "2026-09-21": [{"model": "gen4_image", "amount": 5}],
        "2026-09-22": [{"model": "gen4_image", "amount": -5}],
    }
    assert answer["models"] == ["gen4_image"]


@pytest.mark.parametrize(
    "body",
    [
        {"startDate": "2026-01-01", "beforeDate": "2026-04-02"},
        {"startDate": "2026-01-02", "beforeDate": "2026-01-01"},
        {"startDate": "2026-02-30"},
        {"startDate": "9999-12-31"},
        {"startDate": 5},
        {"since": "2026-01-01"},
        [],
    ],
    ids=str,
)
async def test_usage_refuses_ranges_it_cannot_answer(api, body):
    status, answer = await api.ask("POST", "/v1/organization/usage", json=body)
    assert status == 400
    assert answer["issues"]


async def test_retired_models_are_offered_only_on_request_and_live(api):
    body = {**VIDEO, "model": "gen3a_turbo", "ratio": "1280:768", "duration": 5}
    status, answer = await api.create("image_to_video", body)
    assert (status, answer) == (403, {"error": "Model variant gen3a_turbo is not available"})
    change = {"offer": ["gen3a_turbo"], "withhold": ["gen4_turbo"]}
    assert (await api.ask("POST", "/_simulator/offer", json=change))[0] == 200
    assert (await api.create("image_to_video", body))[0] == 200
    assert (await api.create("image_to_video", VIDEO))[0] == 403
    assert (await api.ask("POST", "/_simulator/offer", json={"offer": ["gpt"]}))[0] == 400


async def test_books_tell_creates_polls_refusals_and_downloads(api, clock):
    id = await api.imagine()
    for seconds in (1, 5, 30):
        clock.advance(seconds)
        task = await api.task(id)
    await api.download(task["output"][0])
    await api.create("text_to_image", {"model": "gen4_image"})
    books = await api.books()
    (create,) = books["creates"]
    assert (create["id"], create["model"], create["credits"]) == (id, "gen4_image", 5)
    assert len(create["body_sha256"]) == 64
    (entry,) = books["tasks"]
    assert (entry["polls"], entry["min_poll_gap_seconds"]) == (3, 5)
    assert [each["status"] for each in books["refused"]] == [400]
    assert books["downloads"] == 1
