"""What was decided is told to who asked and to the admins, also where the archive does not delete."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.alerts import Alerts
from bot.archive import Archive
from bot.commands.invocations import Origin
from bot.desk.acceptance import draft_of
from bot.desk.approvals import Approvals
from bot.drafts import Draft, DraftState
from bot.jobs import Member
from bot.media.library import MediaLibrary
from bot.requests import Input, Kind, Media
from tests.quotas.conftest import WORKSPACE

LIFETIME = timedelta(hours=24)
ADA = Origin(Member(WORKSPACE, "ada"), "dailies", admin=True)


class Chat:
    """Stands for a chat platform: keeps who was told, and which messages of the admins changed."""

    def __init__(self) -> None:
        self.told: list[str] = []
        self.updated: list[str] = []

    async def notify(self, member, channel, notice) -> None:
        self.told.append(member.id)

    async def update_alert(self, workspace, message, notice) -> None:
        self.updated.append(message)


class Clock:
    def __init__(self, books) -> None:
        self.books = books

    def now(self):
        return self.books.now


@pytest.fixture
def chat() -> Chat:
    return Chat()


@pytest.fixture
def approvals(books, chat, tmp_path) -> Approvals:
    chats = {"playground": chat}
    return Approvals(
        drafts=books.quotas, acceptance=None, library=MediaLibrary(Archive(str(tmp_path)), None),
        alerts=Alerts(books.quotas, chats), chats=chats, clock=Clock(books), ask_lifetime=LIFETIME,
    )  # fmt: skip


@pytest.fixture
async def asked(books, tmp_path):
    """A question that lies before the admins, with a file that the archive cannot delete."""

    async def ask() -> Draft:
        job = books.job("ben", 150)
        key = f"inputs/{job.id}/0.png"
        (tmp_path / key / "in the way").mkdir(parents=True)
        begins = Input("first", Media(key, Kind.IMAGE, "image/png", 1, "0" * 64, "0.png"))
        job = replace(job, request=replace(job.request, inputs=(begins,)))
        draft = draft_of(job, DraftState.REFUSED, books.now + LIFETIME)
        await books.quotas.save_draft(draft, (), books.now)
        await books.quotas.ask_draft(draft, 3, books.now + LIFETIME)
        await books.quotas.note_alert(draft.id, f"alert of {draft.id}")
        return await books.quotas.draft(draft.id)

    return ask


async def test_a_denial_is_told_though_the_file_stays(approvals, asked, books, chat):
    draft = await asked()
    await approvals.deny(ADA, draft.id)
    assert (await books.quotas.draft(draft.id)).state is DraftState.DENIED
    assert (chat.told, chat.updated) == (["ben"], [draft.alert])


async def test_every_question_that_ran_out_is_told_though_the_files_stay(
    approvals, asked, books, chat
):
    drafts = [await asked(), await asked()]
    books.now += LIFETIME + timedelta(minutes=1)
    await approvals.expire(books.now)
    assert chat.told == ["ben", "ben"]
    assert sorted(chat.updated) == sorted(draft.alert for draft in drafts)
    assert await books.quotas.overdue_drafts(books.now) == []
