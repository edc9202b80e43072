"""A question to the admins that was written down, and never put because the process died."""

from datetime import timedelta

import pytest

from bot.alerts import Alerts
from bot.commands.invocations import Origin
from bot.desk.acceptance import draft_of
from bot.desk.approvals import Approvals
from bot.drafts import DraftState
from bot.errors import DraftOver

LIFETIME = timedelta(hours=24)


class Chat:
    """Stands for a chat platform: keeps what the admins are told."""

    def __init__(self) -> None:
        self.alerts: list[str] = []

    async def alert(self, workspace, notice, key, channel=None) -> str:
        self.alerts.append(key)
        return str(len(self.alerts))


class Clock:
    def __init__(self, books) -> None:
        self.books = books

    def now(self):
        return self.books.now


async def test_it_is_put_when_its_owner_asks_again(books):
    chat = Chat()
    chats = {"playground": chat}
    approvals = Approvals(
        drafts=books.quotas, acceptance=None, library=None, alerts=Alerts(books.quotas, chats),
        chats=chats, clock=Clock(books), ask_lifetime=LIFETIME,
    )  # fmt: skip
    draft = draft_of(books.job("ben", 150), DraftState.REFUSED, books.now + timedelta(hours=1))
    await books.quotas.save_draft(draft, (), books.now)
    until = books.now + LIFETIME
    await books.quotas.decide(draft.id, [DraftState.REFUSED], DraftState.ASKED, None, until)
    ben = Origin(draft.owner, "dailies")
    with pytest.raises(DraftOver):  # it may just be on its way
        await approvals.ask(ben, draft.id)
    books.now += timedelta(minutes=2)
    await approvals.ask(ben, draft.id)
    assert chat.alerts == [f"ask:{draft.id}"]
    with pytest.raises(DraftOver):
        await approvals.ask(ben, draft.id)
    assert (await books.quotas.draft(draft.id)).expires_at == until
