"""Every way to ask: mentions, threads, forms, shortcuts, our own conversation, App Home."""

import json
from typing import Any

import pytest

from tests.slack.inside import Run
from tests.slack.workspace import ADA, BEN, ROOM, Workspace, buttons, is_card, png, shown

Json = dict[str, Any]


def mention(workspace: Workspace, text: str, thread: str | None = None, **more: Any) -> Json:
    message = workspace.say(f"<@U0BOT> {text}", thread=thread, **more)
    return {**message, "channel": ROOM, "channel_type": "channel"}


async def test_a_mention_with_a_file_in_a_thread_is_answered_there_once(
    workspace: Workspace, run: Run
) -> None:
    await run()
    parent = workspace.say("let us talk")
    file = workspace.add_file("cat.png", png())
    event = mention(workspace, "animate it jumps --duration 2", parent["ts"], files=[file])
    await workspace.event({**event, "type": "app_mention"})
    await workspace.event({**event, "type": "message", "subtype": "file_share"})
    result = await workspace.result()
    assert result["thread_ts"] == parent["ts"]
    shared = [m for m in workspace.in_channel() if m.get("files") and m["user"] == "U0BOT"]
    assert [m["thread_ts"] for m in shared] == [parent["ts"]]
    await workspace.press(result, "retry", BEN)
    assert (await workspace.result(2))["thread_ts"] == parent["ts"]
    await workspace.react(shared[0], "repeat")
    assert (await workspace.result(3))["thread_ts"] == parent["ts"]


async def test_a_mention_that_is_told_of_without_its_files_still_has_them(
    workspace: Workspace, run: Run
) -> None:
    await run()
    event = mention(workspace, "animate --duration 2", files=[workspace.add_file("cat.png", png())])
    await workspace.event({**event, "type": "app_mention", "files": None})
    await workspace.result()


async def test_files_that_come_as_stubs_are_asked_for(workspace: Workspace, run: Run) -> None:
    await run()
    file = workspace.add_file("cat.png", png())
    stub = {"id": file["id"], "file_access": "check_file_info"}
    event = mention(workspace, "animate --duration 2", files=[stub])
    await workspace.event({**event, "type": "app_mention"})
    await workspace.result()


async def test_our_own_conversation_needs_no_mention(workspace: Workspace, run: Run) -> None:
    await run()
    workspace.server.channels["D0ADA"] = {"id": "D0ADA", "is_im": True, "is_member": True}
    event = {"type": "message", "channel": "D0ADA", "channel_type": "im", "user": ADA}
    await workspace.event({**event, "text": "hello there", "ts": workspace.server.ts()})
    assert "imagine a lighthouse" in await workspace.whisper()
    await workspace.event({**event, "text": "imagine a fox", "ts": workspace.server.ts()})
    await workspace.result(channel="D0ADA")


@pytest.mark.parametrize("mark", [",", ":", "\n", "，"])
async def test_a_sign_behind_the_name_is_no_part_of_what_is_asked(
    workspace: Workspace, run: Run, mark: str
) -> None:
    await run()
    message = workspace.say(f"<@U0BOT>{mark} imagine a fox")
    await workspace.event({**message, "type": "app_mention", "channel": ROOM})
    assert "“a fox”" in shown(await workspace.card())


async def test_what_a_thread_sends_to_its_conversation_too_is_heard(
    workspace: Workspace, run: Run
) -> None:
    await run()
    workspace.server.channels["D0ADA"] = {"id": "D0ADA", "is_im": True, "is_member": True}
    parent = workspace.say("hello", channel="D0ADA")
    event = {"type": "message", "subtype": "thread_broadcast", "user": ADA, "text": "imagine a fox"}
    where = {"channel": "D0ADA", "channel_type": "im", "thread_ts": parent["ts"]}
    await workspace.event({**event, **where, "ts": workspace.server.ts()})
    assert (await workspace.card(channel="D0ADA"))["thread_ts"] == parent["ts"]


async def test_talk_that_is_not_for_us_is_left_alone(workspace: Workspace, run: Run) -> None:
    await run()
    message = workspace.say("imagine that")
    await workspace.event({**message, "channel": ROOM, "channel_type": "channel"})
    await workspace.react(message, "repeat")
    await workspace.event({"type": "member_joined_channel", "user": BEN, "channel": ROOM})
    await workspace.send("interactive", {"type": "view_closed", "view": {"callback_id": "x"}, "team": {"id": "T0HOME"}, "user": {"id": ADA}})  # fmt: skip
    await workspace.send("slash_commands", workspace.command_payload("/somebody-elses"))
    assert "no command" in await workspace.whisper()
    assert len(workspace.in_channel()) == 1


async def test_a_command_without_words_opens_a_form_with_what_was_typed(
    workspace: Workspace, run: Run
) -> None:
    await run()
    await workspace.command("/imagine --ratio 9:16 --seed 7")
    view = await workspace.until(lambda: (workspace.server.views or [None])[-1])
    assert json.loads(view["private_metadata"])["options"] == {"seed": "7"}
    ratio = next(b for b in view["blocks"] if b["block_id"].startswith("ratio"))
    assert ratio["element"]["initial_option"]["value"] == "9:16"
    await workspace.submit(view, prompt="a tall fox & a <hat>")
    card = await workspace.card()
    assert "a tall fox &amp; a &lt;hat&gt;" in shown(card)
    assert "1080×1920" in shown(card)
    await workspace.submit(view, prompt="a tall fox & a <hat>")
    await workspace.result()
    assert len([m for m in workspace.in_channel() if is_card(m)]) == 1


async def test_another_model_in_the_form_brings_its_own_choices(
    workspace: Workspace, run: Run
) -> None:
    await run()
    await workspace.command("/imagine")
    view = await workspace.until(lambda: (workspace.server.views or [None])[-1])
    model = next(b for b in view["blocks"] if b["block_id"] == "model")
    assert model["dispatch_action"] is True
    other = model["element"]["options"][1]
    values = {"model": {"form:model": {"type": "static_select", "selected_option": other}}}
    action = {"action_id": "form:model", "type": "static_select", "selected_option": other}
    payload = {
        "type": "block_actions",
        "team": {"id": "T0HOME"},
        "user": {"id": ADA, "team_id": "T0HOME"},
        "view": {**view, "state": {"values": values}},
        "container": {"type": "view", "view_id": view["id"]},
        "actions": [{**action, "action_ts": "1.1"}],
        "trigger_id": workspace.server.trigger(),
    }
    before = [b["block_id"] for b in view["blocks"]]
    await workspace.send("interactive", payload)
    await workspace.until(
        lambda: (
            True
            if [b["block_id"] for b in workspace.server.views[-1]["blocks"]] != before
            else None
        )
    )


@pytest.mark.parametrize(
    ("callback", "command"), [("animate", "Animate"), ("reference", "Imagine")]
)
async def test_shortcuts_open_a_form_with_the_message_s_file(
    workspace: Workspace, run: Run, callback: str, command: str
) -> None:
    await run()
    message = workspace.say("look", files=[workspace.add_file("cat.png", png())])
    # Slack's payload may or may not carry the files.
    await workspace.shortcut(callback, {k: v for k, v in message.items() if k != "files"})
    view = await workspace.until(lambda: (workspace.server.views or [None])[-1])
    assert view["title"]["text"] == command
    await workspace.submit(view, prompt="it flies", duration="2")
    assert "it flies" in shown(await workspace.result())


async def test_a_shortcut_on_a_message_without_a_file_says_so(
    workspace: Workspace, run: Run
) -> None:
    await run()
    await workspace.shortcut("animate", {**workspace.say("look"), "files": []})
    assert "no image or video" in await workspace.whisper()


async def test_home_shows_credits_jobs_and_for_admins_the_team(
    workspace: Workspace, run: Run
) -> None:
    await run()
    await workspace.command("/imagine a fox", BEN)
    await workspace.done()
    await workspace.event({"type": "app_home_opened", "user": BEN, "tab": "home"})
    home = await workspace.until(lambda: workspace.server.homes.get(BEN))
    assert "*492* of 500" in shown(home)
    assert "█" in shown(home)
    assert "a fox" in shown(home)
    assert "home:set" not in shown(home)
    await workspace.event({"type": "app_home_opened", "user": ADA, "tab": "home"})
    home = await workspace.until(lambda: workspace.server.homes.get(ADA))
    assert "Used this month: @Ben &lt;b&gt; 8" in shown(home)
    control = next(b for b in buttons(home) if b["action_id"] == "home:set")
    payload = {
        "type": "block_actions",
        "team": {"id": "T0HOME"},
        "user": {"id": ADA, "team_id": "T0HOME"},
        "view": {"id": "V0HOME", "type": "home"},
        "container": {"type": "view", "view_id": "V0HOME"},
        "actions": [{**control, "action_ts": "1.1"}],
        "trigger_id": workspace.server.trigger(),
    }
    await workspace.send("interactive", payload)
    form = await workspace.until(lambda: (workspace.server.views or [None])[-1])
    await workspace.submit(form, BEN, member=BEN, credits="1000")
    await workspace.submit(form, ADA, member=BEN, credits="40")
    told = await workspace.until(
        lambda: next((m for m in workspace.in_channel("D0ADA") if "40" in m["text"]), None)
    )
    assert "may now use 40 credits a month" in told["text"]
    assert "Only admins" in workspace.in_channel("D0BEN")[-1]["text"]
