"""App Home: what is pressed and filled in there does what the commands do."""

from datetime import UTC, datetime
from typing import Any

from adapters.slack.home import Page, home_view
from adapters.slack.render import Names
from bot.catalog import load_catalog
from bot.jobs import Job, Member, State
from bot.requests import GenerationRequest, Operation
from tests.slack.inside import Run
from tests.slack.workspace import ADA, BEN, GUEST, OUTSIDER, Workspace, buttons, is_card, shown

Json = dict[str, Any]


async def open_home(workspace: Workspace, user: str) -> Json:
    workspace.server.homes.pop(user, None)
    await workspace.event({"type": "app_home_opened", "user": user, "tab": "home"})
    return await workspace.until(lambda: workspace.server.homes.get(user))


async def press(workspace: Workspace, control: Json, user: str) -> None:
    """A press in a home has no channel, no message and no response_url."""
    payload = {
        "type": "block_actions",
        "team": {"id": "T0HOME"},
        "user": {"id": user, "team_id": "T0HOME"},
        "view": {"id": "V0HOME", "type": "home"},
        "container": {"type": "view", "view_id": "V0HOME"},
        "actions": [{**control, "action_ts": workspace.server.ts()}],
        "trigger_id": workspace.server.trigger(),
    }
    await workspace.send("interactive", payload)


async def fill_in(workspace: Workspace, name: str, user: str, **values: str) -> None:
    """Open one of the admins' forms and send it."""
    count = len(workspace.server.views)
    home = await open_home(workspace, ADA)
    control = next(b for b in buttons(home) if b["action_id"] == f"home:{name}")
    await press(workspace, control, ADA)
    form = await workspace.until(lambda: (workspace.server.views[count:] or [None])[0])
    await workspace.submit(form, user, **values)


def test_only_what_can_still_be_cancelled_has_a_button_for_it() -> None:
    request = GenerationRequest(Operation.TEXT_TO_IMAGE, "gen4_image", "a fox", 8)
    owner = Member("slack:T1", "U1")
    jobs = [Job(state, owner, "C1", request, state, datetime.now(UTC)) for state in State]
    view = home_view(Page((), jobs, ()), load_catalog(), Names())
    cancel = [b["accessory"]["value"] for b in view["blocks"] if "accessory" in b]
    assert cancel == ["queued", "submitting", "running"]


def test_the_home_links_to_whose_models_these_are() -> None:
    view = home_view(Page((), (), ()), load_catalog(), Names())
    assert "<https://runwayml.com|Powered by Runway>" in str(view["blocks"][-1])


async def told(workspace: Workspace, user: str, words: str) -> str:
    """What the bot wrote to somebody, once it says these words."""
    return await workspace.until(
        lambda: next((m["text"] for m in workspace.in_channel(user.replace("U", "D", 1)) if words in m["text"]), None)
    )  # fmt: skip


async def test_a_running_job_is_cancelled_there(workspace: Workspace, run: Run) -> None:
    await run(DAILIES_RUNWAY__BASE_URL="http://127.0.0.1:9")  # nothing is ever sent
    await workspace.command("/imagine a fox", BEN)
    card = await workspace.card()
    # It waits in our queue for the next try, and not between the queue and Runway.
    await workspace.until(lambda: True if "next try" in shown(card) else None)
    home = await open_home(workspace, BEN)
    accessories = [b["accessory"] for b in home["blocks"] if "accessory" in b]
    assert [a["text"]["text"] for a in accessories] == ["Cancel"]
    workspace.server.homes.pop(BEN)
    await press(workspace, accessories[0], BEN)
    home = await workspace.until(lambda: workspace.server.homes.get(BEN))
    assert "Nothing is waiting or running" in shown(home)
    assert "*500* of 500" in shown(home)
    await workspace.until(lambda: True if "Cancelled" in shown(card) else None)


async def test_admins_grant_block_and_set_there(workspace: Workspace, run: Run) -> None:
    await run()
    await fill_in(workspace, "grant", ADA, member=BEN, credits="70", days="3")
    assert "70" in await told(workspace, ADA, "70")
    assert "*570* of 570" in shown(await open_home(workspace, BEN))
    await fill_in(workspace, "set", ADA, scope="default", credits="200", period="week")
    await told(workspace, ADA, "200 credits a week")
    assert "*270* of 270" in shown(await open_home(workspace, BEN))
    await fill_in(workspace, "block", ADA, member=BEN)
    await told(workspace, ADA, "is blocked now")
    assert "blocked" in shown(await open_home(workspace, BEN))


async def test_what_is_filled_in_wrong_changes_nothing_and_is_told(
    workspace: Workspace, run: Run
) -> None:
    await run()
    await fill_in(workspace, "set", ADA, member=BEN, credits="lots")
    await told(workspace, ADA, "lots")
    await fill_in(workspace, "set", ADA, member=BEN, credits="0")
    await told(workspace, ADA, "/quota block")
    await fill_in(workspace, "set", ADA, credits="10")
    await told(workspace, ADA, "Something is missing: `who`")
    await fill_in(workspace, "grant", BEN, member=BEN, credits="1000")
    await told(workspace, BEN, "Only admins")
    assert "*500* of 500" in shown(await open_home(workspace, BEN))


async def test_outsiders_have_no_home_and_guests_have_one(workspace: Workspace, run: Run) -> None:
    await run()
    await workspace.event({"type": "app_home_opened", "user": OUTSIDER, "tab": "home"})
    assert "*500* of 500" in shown(await open_home(workspace, GUEST))
    assert OUTSIDER not in workspace.server.homes


async def test_a_form_that_an_outsider_sends_runs_nothing(workspace: Workspace, run: Run) -> None:
    await run()
    await workspace.command("/imagine")
    view = await workspace.until(lambda: (workspace.server.views or [None])[-1])
    await workspace.submit(view, OUTSIDER, prompt="a fox")
    assert "other workspace" in await workspace.whisper()
    assert not [m for m in workspace.in_channel() if is_card(m)]


async def test_a_cross_on_the_card_cancels_for_its_owner_alone(
    workspace: Workspace, run: Run
) -> None:
    await run(DAILIES_RUNWAY__BASE_URL="http://127.0.0.1:9")
    await workspace.command("/imagine a fox")
    card = await workspace.card()
    await workspace.react(card, "x", BEN)
    await workspace.whisper()
    assert "Cancelled" not in shown(card)
    await workspace.react(card, "x", ADA)
    await workspace.until(lambda: True if "Cancelled" in shown(card) else None)
