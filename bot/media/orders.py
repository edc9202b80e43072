"""How an order reaches the process that forks decoders: JSON with a length, and a socket beside it.

The socket takes the answer; closing its other side ends the work.
"""

import json
import socket
from dataclasses import dataclass

from bot.media.tasks import Terms

_LENGTH_BYTES = 4


@dataclass(frozen=True)
class Order:
    """One task on the file at `path`, as `container`; the answer goes to `answer`."""

    task: str
    path: str
    container: str
    terms: Terms
    answer: socket.socket


def give(order: Order, control: socket.socket) -> None:
    """Send an order; OSError when nobody takes it."""
    body = json.dumps([order.task, order.path, order.container, order.terms]).encode()
    length = len(body).to_bytes(_LENGTH_BYTES, "big")
    socket.send_fds(control, [length], [order.answer.fileno()])
    control.sendall(body)


def received(control: socket.socket) -> Order | None:
    """The next order; None when nobody will give one any more."""
    length, descriptors, _, _ = socket.recv_fds(control, _LENGTH_BYTES, 1)
    if not length:
        return None
    left, body = int.from_bytes(length, "big"), bytearray()
    while len(body) < left:
        piece = control.recv(left - len(body))
        if not piece:
            return None
        body += piece
    task, path, container, terms = json.loads(body)
    return Order(task, path, container, terms, socket.socket(fileno=descriptors[0]))
