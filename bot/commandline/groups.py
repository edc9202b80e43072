"""What a group of commands adds itself to."""

import argparse
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    Parsers: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"

# What is to be printed; None when everything has been said already.
Command = Callable[[argparse.Namespace], Awaitable["str | Said | None"]]


class Said:
    """What a command has to say, and the exit code when it is no success."""

    def __init__(self, text: str, code: int) -> None:
        self.text = text
        self.code = code
