"""What Slack itself does wrong: to a call of a replica, or to the socket that it listens on."""

import asyncio
import json
from collections import Counter
from collections.abc import Callable, Coroutine, Sequence
from contextlib import suppress
from functools import partial

from tests.chaos.actor import Actor
from tests.chaos.faults import TRAP_SECONDS, Fault, for_a_while
from tests.slack.server import SlackServer

METHODS = (
    *("chat.postMessage", "chat.update", "files.getUploadURLExternal"),
    *("files.completeUploadExternal", "files.info", "conversations.history", "users.info"),
)
METHODS_AT_ONCE = 3
MOST_TIMES = 3
TOKEN_CODES = ("token_revoked", "invalid_auth", "account_inactive")
REASONS = ("warning", "refresh_requested", "link_disabled")
Counts = Callable[[SlackServer], Counter[str]]


def slack_faults(server: SlackServer) -> Sequence[Fault]:
    def fault(kind: str, weight: int, strike: Callable[..., Coroutine[None, None, bool]]) -> Fault:
        return Fault(kind, weight, partial(strike, server))

    return (
        fault("chat fails", 2, partial(_call, lambda s: s.faults.broken)),
        fault("chat limits", 2, partial(_call, lambda s: s.faults.limited)),
        fault("chat cut", 2, partial(_call, lambda s: s.faults.lost)),
        fault("chat cut", 1, partial(_call, lambda s: s.faults.cut)),
        fault("chat slow", 1, _slow),
        fault("token refused", 2, _refuse_token),
        fault("line cut", 2, _cut_line),
        fault("line turned away", 1, _turn_away),
        fault("line moved", 2, _move_line),
    )


async def _call(counts: Counts, server: SlackServer, actor: Actor) -> bool:
    """Do this to the next calls of some methods; False when there was none."""
    methods = actor.rng.sample(METHODS, METHODS_AT_ONCE)
    left, given = counts(server), actor.rng.randint(1, MOST_TIMES)
    for method in methods:
        left[method] = given

    def hit() -> bool:
        return any(left[method] < given for method in methods)

    await for_a_while(hit, TRAP_SECONDS)
    # A call that is made again meets it again.
    await asyncio.sleep(actor.rng.uniform(0.0, 1.0) if hit() else 0)
    struck = hit()
    for method in methods:
        left[method] = 0
    return struck


async def _slow(server: SlackServer, actor: Actor) -> bool:
    """What is done is answered only after a while."""
    method, before = actor.rng.choice(METHODS), len(server.calls)
    released = server.faults.slow[method] = asyncio.Event()
    await asyncio.sleep(actor.rng.uniform(0.5, 3.0))
    del server.faults.slow[method]
    released.set()
    return any(call.method == method for call in server.calls[before:])


async def _refuse_token(server: SlackServer, actor: Actor) -> bool:
    """Until somebody has put it right."""
    before = len(server.calls)
    server.faults.token_refused = actor.rng.choice(TOKEN_CODES)
    await asyncio.sleep(actor.rng.uniform(0.5, 3.0))
    server.faults.token_refused = ""
    return any(not call.ok for call in server.calls[before:])


async def _cut_line(server: SlackServer, actor: Actor) -> bool:
    return server.cut()


async def _turn_away(server: SlackServer, actor: Actor) -> bool:
    """Nobody gets a socket for a while, and those that there are break."""
    server.faults.sockets_refused = True
    cut = server.cut()
    await asyncio.sleep(actor.rng.uniform(0.3, 1.5))
    server.faults.sockets_refused = False
    return cut


async def _move_line(server: SlackServer, actor: Actor) -> bool:
    """Slack says that it is about to close a socket."""
    if not server.sockets:
        return False
    word = json.dumps({"type": "disconnect", "reason": actor.rng.choice(REASONS)})
    with suppress(ConnectionError, IndexError):
        await server.sockets[-1].send_str(word)
    return True
