"""What the books have noticed is told once, however many jobs end meanwhile."""

import asyncio

from bot.alerts import Alerts
from bot.core import Chats
from bot.notifications import Notifications
from storage.storage import MOST_UNTOLD


class SlowChat:
    """Stands for a chat platform that takes its time for a private message."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.is_asked, self.may_answer = asyncio.Event(), asyncio.Event()

    async def notify(self, member, channel, notice) -> None:
        self.asked.append(member.id)
        self.is_asked.set()
        await self.may_answer.wait()


class Leader:
    leads = True


def notifications_of(books, chat) -> Notifications:
    """Of a bot on which this platform alone runs."""
    chats = Chats(playground=chat)
    return Notifications(books.storage, Alerts(books.quotas, chats), chats, Leader())


async def test_a_mark_is_told_once_while_other_jobs_end(books):
    chat = SlowChat()
    notifications = notifications_of(books, chat)
    await books.deliver(await books.accept("ben", 60))
    first = asyncio.create_task(notifications.tell())
    await chat.is_asked.wait()
    others = [asyncio.create_task(notifications.tell()) for _ in range(3)]
    for _ in range(5):  # whoever does not wait for the first has read the list by then
        await books.untold()
    chat.may_answer.set()
    await asyncio.gather(first, *others)
    assert chat.asked == ["ben"]
    assert await books.untold() == []


async def test_notices_of_a_platform_that_does_not_run_keep_no_others_back(books):
    waiting = {f"discord:{number}": '{"text": "…"}' for number in range(MOST_UNTOLD)}
    await books.quotas.note_books("2026-03-09", waiting)
    chat = SlowChat()
    chat.may_answer.set()
    await books.deliver(await books.accept("ben", 60))
    await notifications_of(books, chat).tell()
    assert chat.asked == ["ben"]
    assert len(await books.untold("discord")) == MOST_UNTOLD
