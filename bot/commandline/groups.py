"""What a group of commands adds itself to."""

import argparse
from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    Parsers: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"

# What is to be printed; None when everything has been said already.
Command = Callable[[argparse.Namespace], Coroutine[Any, Any, "str | Said | None"]]


def port_number(text: str) -> int:
    """What `--port` takes."""
    if not text.isdecimal() or not 0 <= int(text) <= 65535:
        raise argparse.ArgumentTypeError("a port is a whole number from 0 to 65535")
    return int(text)


class Said:
    """What a command has to say, and the exit code when it is no success."""

    def __init__(self, text: str, code: int) -> None:
        self.text = text
        self.code = code
