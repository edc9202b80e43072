"""A row of the table that `make bench` prints."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Row:
    """A figure, its target, and what others need for the same in the same run.

    `sdk` is the official SDK and `floor` the plainest program that does it, both in the row's unit;
    None where there is no such thing. `most` says whether the target is the most that is allowed,
    or the least that is wanted.
    """

    name: str
    value: float
    unit: str
    target: float
    most: bool = True
    sdk: float | None = None
    floor: float | None = None

    @property
    def holds(self) -> bool:
        return self.value <= self.target if self.most else self.value >= self.target
