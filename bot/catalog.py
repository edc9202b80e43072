"""The operations and models that Dailies knows, read from `catalog.toml`."""

import tomllib
from collections.abc import Iterable, Mapping
from decimal import Decimal
from difflib import get_close_matches
from functools import cache
from importlib import resources
from typing import Annotated, Any, Literal, Self

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
    field_validator,
    model_validator,
)

from bot.pricing import PriceRule
from bot.requests import Kind, Operation, Setting
from bot.slips import in_words

# Names that people use for a shape, and the shape: width over height.
FRIENDLY_RATIOS = {
    "16:9": 16 / 9,
    "9:16": 9 / 16,
    "1:1": 1.0,
    "4:3": 4 / 3,
    "3:4": 3 / 4,
    "21:9": 21 / 9,
    "3:2": 3 / 2,
    "2:3": 2 / 3,
}
RATIO_SYNONYMS = {
    "landscape": "16:9",
    "wide": "16:9",
    "portrait": "9:16",
    "square": "1:1",
    "cinema": "21:9",
}
# gen3a_turbo's 5:3 still counts as 16:9; a 7:6 picture counts as nothing but itself.
SHAPE_TOLERANCE = 0.07


class _Entry(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class PromptRule(_Entry):
    """`max` in UTF-16 units; 0 where the model takes no prompt."""

    max: int
    required: bool = True


class InputRule(_Entry):
    """What may be sent in one role, and how it travels (`field`, `form`) on the wire."""

    role: str
    kinds: tuple[Kind, ...]
    field: str
    form: Literal["uri", "typed", "typed_list", "tagged_list"] = "uri"
    min: int = 0
    max: int = 1
    seconds: tuple[float, float] | None = None
    sides: tuple[int, int] | None = None
    aspect: tuple[float, float] | None = None
    max_side: int | None = None
    max_rate: int | None = None
    max_output_pixels: int | None = None


class SettingRule(_Entry):
    """A further option of a model, as people name it and as the wire does."""

    name: str
    field: str
    choices: tuple[Setting, ...]
    default: Setting | None = None
    summary: str


class ModelSpec(_Entry):
    """What one model does for one operation."""

    id: str
    label: str
    operation: Operation
    rank: int
    prompt: PromptRule
    inputs: tuple[InputRule, ...] = ()
    ratios: tuple[Annotated[str, Field(pattern=r"^[1-9]\d*:[1-9]\d*$")], ...] = ()
    durations: tuple[int, ...] = ()
    duration: int | None = None
    seed: bool = False
    settings: tuple[SettingRule, ...] = ()
    fixed: Mapping[str, Setting] = {}
    price: PriceRule
    next: tuple[str, ...] = ()

    @field_validator("durations", mode="before")
    @classmethod
    def _span(cls, value: Any) -> Any:
        if isinstance(value, dict):
            try:
                return tuple(range(value["min"], value["max"] + 1))
            except (KeyError, TypeError):
                raise ValueError("a span is { min = 2, max = 10 }") from None
        return value

    @model_validator(mode="after")
    def _is_priced(self) -> Self:
        """A slip must not make a model free, or unusable in the middle of a job."""
        if self.durations and self.duration not in self.durations:
            raise ValueError("duration must be one of the durations")
        if self.price.of and self.price.of not in {rule.role for rule in self.inputs}:
            raise ValueError(f"price.of: there is no input {self.price.of}")
        if self.price.by and self.price.by not in {rule.name for rule in self.settings}:
            raise ValueError(f"price.by: there is no setting {self.price.by}")
        timed = self.price.of or self.price.seconds or self.durations
        if self.price.per_second is not None and not timed:
            raise ValueError("price.per_second needs durations, `of` or `seconds`")
        return self

    @property
    def needs_input(self) -> bool:
        return any(rule.min for rule in self.inputs)

    def friendly_ratios(self) -> dict[str, str]:
        """Each friendly name that fits one of the model's ratios, and that ratio."""
        return {
            name: ratio for name, shape in FRIENDLY_RATIOS.items() if (ratio := self._near(shape))
        }

    def _near(self, shape: float) -> str | None:
        def distance(ratio: str) -> float:
            width, height = (int(side) for side in ratio.split(":"))
            return round(abs(width / height / shape - 1), 2)

        nearest = min(self.ratios, key=distance, default=None)
        return nearest if nearest and distance(nearest) <= SHAPE_TOLERANCE else None


class Catalog:
    """Every model, and which of them the organisation offers at the moment."""

    def __init__(self, specs: Iterable[ModelSpec]) -> None:
        self._specs = sorted(specs, key=lambda spec: (spec.operation, spec.rank))
        self._offered: frozenset[str] | None = None

    def set_offered(self, models: Iterable[str]) -> bool:
        """Take over what `GET /v1/organization` offers; True when that changed anything."""
        offered = frozenset(models)
        changed = offered != self._offered
        self._offered = offered
        return changed

    @property
    def offer(self) -> frozenset[str] | None:
        """The models that are offered, whatever they are for; None while that is not known."""
        return self._offered

    def offered(self, operation: Operation) -> list[ModelSpec]:
        """The models that people may choose for an operation, the default first."""
        return [s for s in self._specs if s.operation is operation and self._is_offered(s)]

    def spec(self, model: str, operation: Operation) -> ModelSpec:
        """The model's entry, offered or not; KeyError when the catalog has none."""
        for spec in self._specs:
            if spec.id == model and spec.operation is operation:
                return spec
        raise KeyError(f"{model} for {operation}")

    def label(self, model: str) -> str:
        return next((spec.label for spec in self._specs if spec.id == model), model)

    def all_specs(self) -> list[ModelSpec]:
        return list(self._specs)

    def _is_offered(self, spec: ModelSpec) -> bool:
        return self._offered is None or spec.id in self._offered


def load_catalog(changes: Mapping[str, Mapping[str, Any]] | None = None) -> Catalog:
    """The shipped catalog with the operator's changes; `enabled = false` takes a model out.

    Raises ValueError, naming the model, when an entry makes no sense.
    """
    merged = _merge(_shipped(), changes or {})
    return Catalog(spec for id_, entry in merged.items() for spec in _specs(id_, entry))


@cache
def _shipped() -> Mapping[str, Any]:
    """The models of the file; a start asks for them more than once."""
    text = resources.files("bot").joinpath("catalog.toml").read_text(encoding="utf-8")
    models: dict[str, Any] = tomllib.loads(text, parse_float=Decimal)["models"]
    return models


def _specs(id_: str, entry: Mapping[str, Any]) -> Iterable[ModelSpec]:
    if unknown := entry.keys() - {"enabled", "label", *Operation}:
        raise ValueError(
            f"models.{id_}: there is no such setting: {', '.join(sorted(unknown))}. It takes "
            f"enabled, label, {', '.join(Operation)}"
        )
    if not isinstance(entry.get("enabled", True), bool):
        raise ValueError(f"models.{id_}.enabled must be true or false")
    if not entry.keys() & {*Operation}:
        raise ValueError(f"models.{id_}: there is no such model{_similar(id_)}")
    if not entry.get("enabled", True):
        return
    named = {"id": id_, "label": entry.get("label", id_)}
    for operation in Operation:
        if operation in entry:
            try:
                rule = {**named, "operation": operation, **dict(entry[operation])}
                yield ModelSpec.model_validate(rule)
            except ValidationError as error:
                slips = error.errors(include_url=False)
                raise ValueError("; ".join(_slip(id_, operation, dict(s)) for s in slips)) from None
            except (TypeError, ValueError) as error:
                raise ValueError(f"models.{id_}.{operation}: {error}") from error


def _slip(id_: str, operation: Operation, slip: Mapping[str, Any]) -> str:
    key = ".".join(map(str, ("models", id_, operation.value, *slip["loc"])))
    return f"{key}: {in_words(slip)}"


def _similar(id_: str) -> str:
    close = get_close_matches(id_, _shipped(), n=1)
    return f"; did you mean {close[0]}?" if close else ""


def _merge(base: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(base)
    for key, value in changes.items():
        both = isinstance(value, Mapping) and isinstance(merged.get(key), Mapping)
        merged[key] = _merge(merged[key], value) if both else value
    return merged
