"""A thread is part of its channel, also where a channel's cap is concerned."""

from tests.slack.inside import Run
from tests.slack.workspace import BEN, ROOM, Workspace


async def test_a_job_in_a_thread_counts_towards_its_channels_cap(
    workspace: Workspace, run: Run
) -> None:
    await run()
    parent = workspace.say("let us talk")

    async def ask_in_thread() -> None:
        message = workspace.say("<@U0BOT> imagine a fox", thread=parent["ts"])
        await workspace.event({**message, "type": "app_mention", "user": BEN, "channel": ROOM})

    await ask_in_thread()
    await workspace.result()
    await workspace.command("/quota channel 15")
    assert "This channel may now use 15" in await workspace.whisper()
    await ask_in_thread()
    assert "this channel's cap has *7* left" in await workspace.whisper(2)
