"""Who may do what on Slack, and that everything private stays private."""

from tests.slack.inside import Run
from tests.slack.workspace import (
    ADA,
    BEN,
    GUEST,
    OUTSIDER,
    PRIVATE,
    ROOM,
    SHUT,
    Workspace,
    is_card,
    png,
    shown,
)


async def test_members_of_another_workspace_get_nothing_run(workspace: Workspace, run: Run) -> None:
    await run()
    await workspace.command("/imagine a fox")
    first = await workspace.result()
    count = len(workspace.in_channel())
    await workspace.press(first, "retry", OUTSIDER)
    assert "other workspace" in await workspace.whisper(1)
    await workspace.react(first, "repeat", OUTSIDER)
    assert "other workspace" in await workspace.whisper(2)
    await workspace.command("/imagine a cat", OUTSIDER)
    assert "other workspace" in await workspace.whisper(3)
    mention = {
        "type": "app_mention",
        "user": OUTSIDER,
        "channel": ROOM,
        "ts": workspace.server.ts(),
    }
    await workspace.event({**mention, "text": "<@U0BOT> imagine a cat", "user_team": "T0OTHER"})
    assert "other workspace" in await workspace.whisper(4)
    assert len(workspace.in_channel()) == count


async def test_a_stranger_in_the_payload_is_one_whatever_the_directory_says(
    workspace: Workspace, run: Run
) -> None:
    await run()
    await workspace.command("/imagine a fox")
    first = await workspace.result()
    payload = workspace.press_payload(first, "retry", BEN)
    payload["user"]["team_id"] = "T0OTHER"
    await workspace.send("interactive", payload)
    assert "other workspace" in await workspace.whisper()


async def test_a_stranger_in_the_payload_is_shown_no_form(workspace: Workspace, run: Run) -> None:
    await run()
    file = workspace.add_file("cat.png", png())
    message = workspace.say("look", files=[file])
    await workspace.shortcut("animate", message, OUTSIDER, team="T0OTHER")
    assert "other workspace" in await workspace.whisper(1)
    payload = {**workspace.command_payload("/animate", OUTSIDER), "team_id": "T0OTHER"}
    await workspace.send("slash_commands", payload)
    assert "other workspace" in await workspace.whisper(2)
    assert workspace.server.views == []


async def test_guests_may_unless_the_setting_says_no(workspace: Workspace, run: Run) -> None:
    bot = await run()
    await workspace.command("/imagine a fox", GUEST)
    await workspace.result()
    await bot.stop()
    await run(DAILIES_SLACK__GUESTS="false")
    await workspace.command("/imagine a fox", GUEST)
    assert "Guests cannot" in await workspace.whisper()
    assert len([m for m in workspace.in_channel() if is_card(m)]) == 1


async def test_channels_are_checked_before_anything_is_held(workspace: Workspace, run: Run) -> None:
    await run()
    await workspace.command("/imagine a fox", channel=SHUT)
    assert "/invite @Dailies" in await workspace.whisper()
    workspace.server.channels["C0OPEN"] = {"id": "C0OPEN", "is_channel": True, "is_member": False}
    await workspace.command("/imagine a fox", channel="C0OPEN")
    await workspace.result(channel="C0OPEN")
    await workspace.command("/imagine a fox", channel=PRIVATE)
    await workspace.result(channel=PRIVATE)
    await workspace.command("/imagine a fox", channel="D0TWOOTHERS")
    await workspace.result(channel="D0ADA")
    await workspace.command("/credits")
    assert "You have *476* of 500" in await workspace.whisper(2)


async def test_admins_are_whom_slack_says_at_that_moment(workspace: Workspace, run: Run) -> None:
    await run(DAILIES_SLACK__ADMINS='["S0OPS"]')
    await workspace.command("/quota set <@U0BEN|ben> 5")
    assert "<@U0BEN> may now use 5 credits a month" in await workspace.whisper()
    await workspace.command("/quota set <@U0BEN> 500", BEN)
    assert "Only admins" in await workspace.whisper(2)
    workspace.server.users[ADA]["is_admin"] = False
    await workspace.command("/quota set @u0ben 50")
    assert "Only admins" in await workspace.whisper(3)
    workspace.server.groups["S0OPS"] = [BEN]
    await workspace.command("/quota set @ada 50", BEN)
    assert "<@U0ADA> may now use 50" in await workspace.whisper(4)
    await workspace.command("/quota set <!subteam^S0OPS|@s0ops> 60", BEN)
    assert "The role s0ops may now use 60" in await workspace.whisper(5)


async def test_an_admin_approves_what_somebody_cannot_pay(workspace: Workspace, run: Run) -> None:
    await run(DAILIES_SLACK__ALERT_CHANNEL=PRIVATE)
    await workspace.command("/quota set <@U0BEN> 5")
    await workspace.whisper()
    await workspace.command("/imagine a fox", BEN)
    assert "Not enough credits" in await workspace.whisper(2)
    refusal = {**workspace.server.responses[-1], "ts": "1.0"}
    await workspace.press(refusal, "ask", BEN)
    await workspace.until(lambda: workspace.in_channel(PRIVATE) or None)
    alert = workspace.in_channel(PRIVATE)[0]
    assert "@Ben &lt;b&gt; asks for an image" in shown(alert)
    await workspace.press(alert, "approve", BEN, PRIVATE)
    assert "Only admins" in await workspace.until(
        lambda: next((str(r) for r in workspace.server.responses if "Only admins" in str(r)), None)
    )
    await workspace.press(alert, "approve", ADA, PRIVATE)
    await workspace.result()
    await workspace.until(lambda: True if "approved" in shown(alert) else None)
    assert "dailies:approve" not in shown(alert)


async def test_a_refused_reaction_is_told_privately(workspace: Workspace, run: Run) -> None:
    await run()
    await workspace.command("/imagine a fox")
    first = await workspace.result()
    await workspace.command("/quota block <@U0BEN>")
    await workspace.whisper()
    await workspace.react(first, "repeat", BEN)
    assert "blocked" in await workspace.whisper(2)
    assert workspace.server.ephemeral[0]["user"] == BEN
    assert len([m for m in workspace.in_channel() if is_card(m)]) == 1


async def test_a_file_from_elsewhere_is_not_fetched_with_the_token(
    workspace: Workspace, run: Run
) -> None:
    await run()
    there = {"url_private": "https://drive.example.com/x.png", "url_private_download": None}
    message = workspace.say("look", files=[workspace.add_file("x.png", png(), **there)])
    await workspace.shortcut("upscale", message)
    assert "outside of Slack" in await workspace.whisper()


async def test_redirects_are_followed_without_the_token(workspace: Workspace, run: Run) -> None:
    await run()
    workspace.server.faults.redirect_files = True
    workspace.server.elsewhere = workspace.server.url.replace("127.0.0.1", "localhost")
    message = workspace.say("look", files=[workspace.add_file("cat.png", png())])
    await workspace.shortcut("upscale", message)
    await workspace.result()
    tokens = {fetch["path"].split("/")[1]: fetch["token"] for fetch in workspace.server.fetched}
    assert tokens["files"] is not None
    assert tokens["cdn"] is None


async def test_nothing_is_made_of_a_result_where_it_could_not_be_posted(
    workspace: Workspace, run: Run
) -> None:
    bot = await run()
    said = workspace.say(
        "<@U0BOT> animate it jumps --duration 2",
        channel=PRIVATE,
        files=[workspace.add_file("cat.png", png())],
    )
    await workspace.event({**said, "type": "app_mention", "channel": PRIVATE})
    result = await workspace.result(channel=PRIVATE)
    await bot.stop()  # or it would not ask for a minute
    await run()
    workspace.server.channels[PRIVATE]["is_member"] = False
    for number, action in enumerate(("retry", "upscale", "extend"), start=1):
        await workspace.press(result, action, BEN, PRIVATE)
        assert "not in this channel" in await workspace.whisper(number)


async def test_a_dear_job_is_not_confirmed_where_it_could_not_be_posted(
    workspace: Workspace, run: Run
) -> None:
    bot = await run(DAILIES_QUOTA__CONFIRM_ABOVE="3")
    await workspace.command("/imagine a fox", channel=PRIVATE)
    assert "Run it?" in await workspace.whisper()
    question = {**workspace.server.responses[-1], "ts": "1.0"}
    await bot.stop()
    await run(DAILIES_QUOTA__CONFIRM_ABOVE="3")
    workspace.server.channels[PRIVATE]["is_member"] = False
    await workspace.press(question, "confirm", ADA, PRIVATE)
    assert "not in this channel" in await workspace.whisper(2)
    workspace.server.channels[PRIVATE]["is_member"] = True
    await workspace.press(question, "confirm", ADA, PRIVATE)
    await workspace.result(channel=PRIVATE)
