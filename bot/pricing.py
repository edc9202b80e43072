"""What a request costs, from the price rule that the catalog gives its model."""

import math
from collections.abc import Mapping
from decimal import Decimal
from typing import Self

from pydantic import BaseModel, ConfigDict, model_validator

from bot.requests import Input, Setting

# A file that does not say how many pictures a second it has is priced as if it had this many.
USUAL_FRAME_RATE = 30


class PriceRule(BaseModel):
    """Credits; exactly one of flat, per_second, per_frame and by_short_side.

    of           the input whose seconds or frames count (else the duration that was asked for)
    seconds      a fixed length, where the model does not let one choose
    min          the least that is charged
    by           the setting that chooses the price of a frame, or the scale
    by_short_side  [[pixels, credits], …]: the first whose pixels hold the ratio's shorter side,
                 or the last
    large        credits instead of `flat` when a side of the result is over `large_side` pixels
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    flat: int | None = None
    per_second: Decimal | None = None
    per_frame: Mapping[str, Decimal] | None = None
    by_short_side: tuple[tuple[int, int], ...] | None = None
    of: str | None = None
    seconds: int | None = None
    min: int = 0
    by: str | None = None
    large: int | None = None
    large_side: int = 0

    @model_validator(mode="after")
    def _is_one_rule(self) -> Self:
        rules = (self.flat, self.per_second, self.per_frame, self.by_short_side)
        if sum(rule is not None for rule in rules) != 1:
            raise ValueError("needs exactly one of flat, per_second, per_frame, by_short_side")
        if self.per_frame is not None and not (self.of and self.by):
            raise ValueError("per_frame needs `of` and `by`")
        return self

    def credits(
        self,
        ratio: str | None,
        duration: int | None,
        inputs: tuple[Input, ...],
        settings: Mapping[str, Setting],
    ) -> int:
        """The most that this request may cost, rounded up to whole credits."""
        if self.by_short_side is not None:
            return self._by_short_side(ratio)
        source = next((i for i in inputs if i.role == self.of), None)
        if self.per_frame is not None:
            rate = self.per_frame[str(settings[self.by or ""])]
            return max(self.min, math.ceil(rate * _frames(source)))
        if self.per_second is not None:
            seconds = self.seconds or duration or _seconds(source)
            return max(self.min, math.ceil(self.per_second * seconds))
        return self._flat(source, settings)

    def summary(self) -> str:
        """The price in a few letters, for a list of models."""
        if self.by_short_side is not None:
            prices = sorted({price for _, price in self.by_short_side})
            return f"{prices[0]}–{prices[-1]} cr"
        if self.per_frame is not None:
            return f"from {min(self.per_frame.values())} cr a frame"
        if self.per_second is not None:
            return (
                f"{self.per_second * self.seconds} cr"
                if self.seconds
                else f"{self.per_second} cr/s"
            )
        return f"{self.flat} cr"

    def _by_short_side(self, ratio: str | None) -> int:
        short = min(int(side) for side in (ratio or "0:0").split(":"))
        steps = self.by_short_side or ()
        return next((price for side, price in steps if short <= side), steps[-1][1])

    def _flat(self, source: Input | None, settings: Mapping[str, Setting]) -> int:
        if self.large is not None and source is not None:
            longest = max(source.media.width or 0, source.media.height or 0)
            if longest * int(settings.get(self.by or "", 1)) > self.large_side:
                return self.large
        return self.flat or 0


def _seconds(source: Input | None) -> int:
    """Whole seconds of the input, as Runway counts a part of one as one."""
    return math.ceil(source.media.duration or 0) if source else 0


def _frames(source: Input | None) -> int:
    if source is None:
        return 0
    return source.media.frames or math.ceil((source.media.duration or 0) * USUAL_FRAME_RATE)
