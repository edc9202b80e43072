"""The words that a prompt may hold to bring a fault about, and what each failure costs."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from bot.runway.simulator.refusals import Refusal

_WORD = re.compile(r"(?<![\w!])!([a-z0-9]+(?:-[a-z0-9]+)*)")


@dataclass(frozen=True)
class Failure:
    """How a task fails: what a person reads, and whether the credits come back."""

    message: str
    refunded: bool


# Which codes are refunded: https://docs.dev.runwayml.com/errors/task-failures
FAILURES: Mapping[str, Failure] = {
    "SAFETY.INPUT.TEXT": Failure("The prompt did not pass content moderation.", refunded=False),
    "SAFETY.OUTPUT.VIDEO": Failure("The output did not pass content moderation.", refunded=False),
    "INTERNAL.BAD_OUTPUT.01": Failure("The output was not good enough to keep.", refunded=True),
    "INTERNAL": Failure("An unexpected error occurred.", refunded=True),
    "INPUT_PREPROCESSING.INTERNAL": Failure("The input could not be prepared.", refunded=True),
    "THIRD_PARTY.UNAVAILABLE": Failure("The model's provider is unavailable.", refunded=True),
    "ASSET.INVALID": Failure("An input file could not be read.", refunded=True),
}
FAILURE_OF_WORD: Mapping[str, str] = {
    "safety-input": "SAFETY.INPUT.TEXT",
    "safety-output": "SAFETY.OUTPUT.VIDEO",
    "bad-output": "INTERNAL.BAD_OUTPUT.01",
    "internal": "INTERNAL",
    "preprocessing": "INPUT_PREPROCESSING.INTERNAL",
    "third-party": "THIRD_PARTY.UNAVAILABLE",
    "asset": "ASSET.INVALID",
}
# Nothing is made by these; the ones in PASSING stop after that many creates of the same body.
PASSING: Mapping[str, int] = {"502": 2, "503": 2, "429": 2}
LASTING = frozenset({"403", "daily"})
# These make the task; what goes wrong is its life, its answers or its files.
OF_TASKS = frozenset(
    {"404", "504", "reset", "stall", "slow", "cut", "expired", "garbage", "cancelled"}
)
# For so long a task of the word 404 is not known yet: people saw about as much at Runway.
UNKNOWN_SECONDS = 1.0

WORDS = frozenset({*FAILURE_OF_WORD, *PASSING, *LASTING, *OF_TASKS})


def find_words(prompt: str) -> frozenset[str]:
    """The fault words in a prompt, without their `!`."""
    return frozenset(_WORD.findall(prompt.lower())) & WORDS


def not_available(model: str) -> Refusal:
    """The 403 for a model that the organisation is not offered."""
    return Refusal(403, f"Model variant {model} is not available")


def daily_limit() -> Refusal:
    """The 429 that lasts until the rolling day has passed."""
    return Refusal(429, "You have reached your daily task limit for this model.")


def refusal_of(word: str, model: str) -> Refusal:
    """The answer that a word of PASSING or LASTING brings about."""
    if word == "403":
        return not_available(model)
    if word == "daily":
        return daily_limit()
    if word == "429":
        return Refusal(429, "Too many requests. Please slow down.")
    if word == "503":
        return Refusal(503, "The API is shedding load. Please try again.")
    return bad_gateway()


def bad_gateway() -> Refusal:
    """The 502 of a load balancer, which does not speak JSON."""
    return Refusal(502, "Bad Gateway", html=True)


def gateway_timeout() -> Refusal:
    """The 504 of a load balancer that lost patience."""
    return Refusal(504, "Gateway Timeout", html=True)
