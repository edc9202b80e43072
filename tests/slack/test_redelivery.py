"""`dailies jobs redeliver` on Slack: the files and the text once more."""

from pathlib import Path

from bot.clock import SystemClock
from bot.ports import Order, OrderKind
from storage.engines.opening import open_database
from storage.orders import SqlOrders
from tests.slack.inside import Run
from tests.slack.workspace import Workspace, buttons, key_of

ORDER = "0123456789abcdef"


async def test_an_order_posts_a_result_once_more(
    workspace: Workspace, run: Run, known_folder: Path
) -> None:
    await run()
    await workspace.command("/imagine a lighthouse")
    first = await workspace.result()
    database = await open_database(f"sqlite:///{known_folder}/dailies.db")
    await workspace.until(lambda: "Done" in str(workspace.in_channel()))
    job, now = buttons(first)[0]["value"], SystemClock().now()
    await SqlOrders(database).place(Order(ORDER, OrderKind.REDELIVER, job, now))
    await workspace.until(lambda: f"again:{ORDER}" in map(key_of, workspace.in_channel()))
    # Slack shows a file a moment after it has taken it.
    await workspace.until(lambda: len([m for m in workspace.in_channel() if m.get("files")]) == 2)
    await database.close()
