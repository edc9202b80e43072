"""How a call reaches the process that forks decoders: JSON and its length, with a socket.

The socket takes the answer; closing its other side ends the work.
"""

import json
import socket
from dataclasses import dataclass

from bot.media.tasks import Terms

_LENGTH_BYTES = 4


@dataclass(frozen=True)
class Call:
    """One task on the file at `path`, as `container`; the answer goes to `answer`."""

    task: str
    path: str
    container: str
    terms: Terms
    answer: socket.socket


def send(call: Call, control: socket.socket) -> None:
    """Send a call; OSError when nobody takes it."""
    said = (call.task, call.path, call.container, call.terms)
    body = json.dumps(said).encode()
    length = len(body).to_bytes(_LENGTH_BYTES, "big")
    socket.send_fds(control, [length], [call.answer.fileno()])
    control.sendall(body)


def received(control: socket.socket) -> Call | None:
    """The next call; None when nobody will give one any more."""
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
    return Call(task, path, container, terms, socket.socket(fileno=descriptors[0]))
