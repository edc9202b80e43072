"""The one specification of every command; each platform renders it in its own way."""

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TypeVar

from bot.catalog import RATIO_SYNONYMS, Catalog, ModelSpec
from bot.credits import Period
from bot.errors import MissingArgument
from bot.requests import Kind, Operation, Setting

# What Runway centre-crops to the ratio; it takes references in any shape.
CROPPED_ROLES = ("image", "character")

# What admins do that only looks; and a grant, which takes its event in its own transaction.
_REPEATABLE = ("quota show", "quota reconcile", "quota grant", "quota history", "quota report")

T = TypeVar("T", bound=Hashable)


@dataclass(frozen=True)
class Choice:
    """A value that may be given, and how people see it."""

    value: str
    label: str


@dataclass(frozen=True)
class Argument:
    """A positional part of a command; `rest` takes all text that is left."""

    name: str
    summary: str
    required: bool = True
    rest: bool = False
    choices: tuple[str, ...] = ()


@dataclass(frozen=True)
class Option:
    """A named part of a command (`--name value`), with what may be chosen.

    `rest` takes all text that is left.
    """

    name: str
    summary: str
    choices: tuple[Choice, ...] = ()
    by_model: tuple[tuple[str, tuple[Choice, ...]], ...] = ()
    rest: bool = False

    def choices_for(self, model: str) -> tuple[Choice, ...]:
        """What may be chosen for one model; where that makes no difference, for any."""
        return dict(self.by_model).get(model, self.choices)


@dataclass(frozen=True)
class CommandSpec:
    """What a person may type: words, arguments, and for generation the operations behind it.

    `only_by_model` are operations that a person must choose a model for by name, because they
    would otherwise run (and cost) when an attachment was merely forgotten.
    """

    name: str
    summary: str
    arguments: tuple[Argument, ...] = ()
    operations: tuple[Operation, ...] = ()
    only_by_model: tuple[Operation, ...] = ()
    admin: bool = False
    options: tuple[Option, ...] = ()

    @property
    def usage(self) -> str:
        parts = [f"<{a.name}>" if a.required else f"[{a.name}]" for a in self.arguments]
        parts += [f"[--{option.name} …]" for option in self.options]
        return " ".join([f"/{self.name}", *parts])

    def require(self, arguments: Mapping[str, str]) -> None:
        """Raise MissingArgument for the first that is needed and not given; what makes something
        says itself what it lacks, because a file may stand for words."""
        for argument in self.arguments:
            if argument.required and not self.generates and not arguments.get(argument.name):
                raise MissingArgument(argument.name, self.usage)

    @property
    def generates(self) -> bool:
        return bool(self.operations)

    @property
    def changes(self) -> bool:
        """Whether it does something, without making a job, that a second time would do again."""
        return self.name == "cancel" or (self.admin and self.name not in _REPEATABLE)


REF_SUMMARY = "Use “last”, a job's id or an https link like an attachment"
FIT_CHOICES = (
    Choice("crop", "crop · keep the centre"),
    Choice("pad", "pad · keep all of it, with black bars"),
)
_PROMPT = Argument("prompt", "What you want to see", rest=True)
_OPTIONAL_PROMPT = Argument("prompt", "What should happen", required=False, rest=True)
PERIODS = tuple(period.value for period in Period)
_CREDITS = Argument("credits", "A whole number, or “unlimited”")
SETTINGS = ("zone", "credits", "period", "alerts", "confirm")
_ANYBODY = "A member, a role, “default” or “workspace”"
_MEMBER = Argument("who", "A member")
_WHY = (Option("why", "The reason, for the history", rest=True),)
_PERIOD = Argument("period", "How often it resets", required=False, choices=PERIODS)

COMMANDS: tuple[CommandSpec, ...] = (
    CommandSpec("imagine", "Make an image from words, and from up to three reference images",
                (_PROMPT,), (Operation.TEXT_TO_IMAGE,)),
    CommandSpec("animate", "Bring an image to life as a short video", (_OPTIONAL_PROMPT,),
                (Operation.IMAGE_TO_VIDEO, Operation.TEXT_TO_VIDEO), (Operation.TEXT_TO_VIDEO,)),
    CommandSpec("edit", "Change a video by describing the change", (_OPTIONAL_PROMPT,),
                (Operation.VIDEO_TO_VIDEO,)),
    CommandSpec("perform", "Let a character act out a performance: attach the character, then the video",
                (), (Operation.CHARACTER_PERFORMANCE,)),
    CommandSpec("upscale", "Make an image or a video larger and sharper",
                (), (Operation.IMAGE_UPSCALE, Operation.VIDEO_UPSCALE)),
    CommandSpec("queue", "See what is waiting and running"),
    CommandSpec("history", "See your last jobs and what they cost"),
    CommandSpec("credits", "See your credits, and when they reset"),
    CommandSpec("cancel", "Cancel a job", (Argument("job", "The job's id, from its card", required=False),)),
    CommandSpec("help", "See what you can do here"),
    CommandSpec("quota show", "See where a member, a role, “default” or the workspace stands",
                (Argument("who", _ANYBODY, required=False),), admin=True),
    CommandSpec("quota set", "Set how many credits may be used per period",
                (Argument("who", _ANYBODY), _CREDITS, _PERIOD), admin=True, options=_WHY),
    CommandSpec("quota block", "Let somebody use no credits at all",
                (Argument("who", "A member, a role or “default”"),), admin=True, options=_WHY),
    CommandSpec("quota clear", "Take a rule away, so that the next one applies",
                (Argument("who", _ANYBODY),), admin=True, options=_WHY),
    CommandSpec("quota grant", "Give a member credits once, beside the allowance", (
        _MEMBER, Argument("credits", "A whole number"),
        Argument("days", "How many days they are good for", required=False),
    ), admin=True, options=_WHY),
    CommandSpec("quota revoke", "Take granted credits back, or what is left of them", (
        _MEMBER, Argument("credits", "A whole number; all that is left without one", required=False),
    ), admin=True, options=_WHY),
    CommandSpec("quota reset", "Let a member start anew in this period", (_MEMBER,), admin=True,
                options=_WHY),
    CommandSpec("quota channel", "Cap what may be used in this channel", (_CREDITS, _PERIOD),
                admin=True, options=_WHY),
    CommandSpec("quota pardon", "End a member's pause for refused prompts", (_MEMBER,), admin=True,
                options=_WHY),
    CommandSpec("quota history", "See who changed what, when and why",
                (Argument("who", _ANYBODY, required=False),), admin=True),
    CommandSpec("quota report", "Get a chart and a CSV of what was used, by member, model and day",
                (Argument("period", "Today, this week or this month", required=False, choices=PERIODS),),
                admin=True),
    CommandSpec("quota settings", "See or change the workspace's settings", (
        Argument("setting", "What to change", required=False, choices=SETTINGS),
        Argument("value", "What to set it to; “configured” goes back", required=False),
    ), admin=True, options=_WHY),
    CommandSpec("quota zone", "Set the time zone in which days, weeks and months begin",
                (Argument("zone", "As in Europe/Berlin"),), admin=True, options=_WHY),
    CommandSpec("quota reconcile", "Compare our books with Runway's", admin=True),
)  # fmt: skip

# What a sign under a card or a result asks for; each stands for the button of that name.
REACTIONS: Mapping[str, str] = {
    "🔁": "retry", "🔄": "retry", "⬆": "upscale", "🔼": "upscale", "🎬": "animate",
    "❌": "cancel", "✖": "cancel",
}  # fmt: skip


def sign_of(emoji: str) -> str:
    """An emoji as REACTIONS has it: U+FE0F asks for its colourful form, and is sent or not."""
    return emoji.replace("\ufe0f", "")


def command(name: str) -> CommandSpec | None:
    """The specification of a command, by its full name."""
    return next((spec for spec in COMMANDS if spec.name == name), None)


def command_of(operation: Operation) -> CommandSpec:
    """The command that people know an operation by."""
    return next(spec for spec in COMMANDS if operation in spec.operations)


def models_for(spec: CommandSpec, catalog: Catalog) -> list[ModelSpec]:
    """The offered models behind a command, its default first."""
    return [model for operation in spec.operations for model in catalog.offered(operation)]


def may_be_meant(spec: CommandSpec, catalog: Catalog, name: str | None) -> list[ModelSpec]:
    """The offered models that a command can run on: the named one, or those that need no naming."""
    offered = models_for(spec, catalog)
    if name is not None:
        return [model for model in offered if model.id == name.lower()]
    return [model for model in offered if model.operation not in spec.only_by_model]


def is_offered(spec: CommandSpec, catalog: Catalog) -> bool:
    """Whether there is anything that the command could be carried out with now."""
    return not spec.generates or bool(models_for(spec, catalog))


def options_for(spec: CommandSpec, catalog: Catalog) -> list[Option]:
    """The named options of a command, with the choices that each offered model leaves."""
    return list(_options(spec, catalog, catalog.offer))


@lru_cache(maxsize=32)  # they take a millisecond, for each command that somebody types
def _options(
    spec: CommandSpec, catalog: Catalog, _offer: frozenset[str] | None
) -> Sequence[Option]:
    models = models_for(spec, catalog)
    if not models:
        return spec.options
    options = [Option("model", "Which model makes it", tuple(_unique(map(_model_choice, models))))]
    if any(m.ratios for m in models):
        options.append(_by_model("ratio", "The shape of the result", models, ratio_choices))
    if any(m.durations for m in models):
        options.append(_by_model("duration", "Seconds of video", models, _duration_choices))
    if any(m.seed for m in models):
        options.append(Option("seed", "A number that makes a result repeatable"))
    if any(m.inputs for m in models):
        options.append(Option("ref", REF_SUMMARY))
    if any(m.ratios and takes_whole_image(m) for m in models):
        options.append(Option("fit", "What happens to an image of another shape", FIT_CHOICES))
    names = _unique(rule.name for m in models for rule in m.settings)
    options += [_setting_option(name, models) for name in names]
    return options


def takes_whole_image(model: ModelSpec) -> bool:
    """Whether the model makes its result of one image, which is cut to the ratio."""
    return any(r.role in CROPPED_ROLES and Kind.IMAGE in r.kinds for r in model.inputs)


def attachment_kinds(spec: CommandSpec, catalog: Catalog) -> list[Kind]:
    """What may be attached to a command, over all of its offered models."""
    rules = (rule for model in models_for(spec, catalog) for rule in model.inputs)
    return _unique(kind for rule in rules for kind in rule.kinds)


def ratio_choices(model: ModelSpec) -> tuple[Choice, ...]:
    """Friendly names first, then the exact sizes."""
    synonyms = {name: word for word, name in RATIO_SYNONYMS.items()}
    friendly = [
        Choice(name, " · ".join(filter(None, (name, synonyms.get(name), ratio.replace(":", "×")))))
        for name, ratio in model.friendly_ratios().items()
    ]
    return (*friendly, *(Choice(ratio, ratio.replace(":", "×")) for ratio in model.ratios))


def setting_text(value: Setting) -> str:
    """A setting's value as people type it."""
    return {True: "yes", False: "no"}[value] if isinstance(value, bool) else str(value)


def _duration_choices(model: ModelSpec) -> tuple[Choice, ...]:
    return tuple(Choice(str(seconds), f"{seconds} seconds") for seconds in model.durations)


def _model_choice(model: ModelSpec) -> Choice:
    return Choice(model.id, f"{model.label} · {model.price.summary()}")


def _by_model(
    name: str,
    summary: str,
    models: list[ModelSpec],
    choices_of: Callable[[ModelSpec], tuple[Choice, ...]],
) -> Option:
    by_model = tuple((model.id, choices_of(model)) for model in models)
    return Option(name, summary, tuple(_unique(c for _, cs in by_model for c in cs)), by_model)


def _setting_option(name: str, models: list[ModelSpec]) -> Option:
    rules = [rule for model in models for rule in model.settings if rule.name == name]
    values = _unique(setting_text(value) for rule in rules for value in rule.choices)
    return Option(name, rules[0].summary, tuple(Choice(value, value) for value in values))


def _unique(values: Iterable[T]) -> list[T]:
    return list(dict.fromkeys(values))
