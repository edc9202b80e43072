"""Runway's wire format: what is sent for a request, and what comes back."""

import math
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from pydantic import BaseModel, Field

from bot.catalog import InputRule, ModelSpec
from bot.ports import ModelLimits, Organization, Task
from bot.requests import GenerationRequest, Input

# The only version that the API takes; it is sent with every request.
VERSION = "2024-11-06"


def create_body(
    spec: ModelSpec, request: GenerationRequest, uris: Mapping[str, str]
) -> dict[str, Any]:
    """The body of a create; `uris` gives the address of each input by its archive key."""
    body: dict[str, Any] = {"model": request.model}
    if spec.prompt.max and request.prompt:
        body["promptText"] = request.prompt
    for rule in spec.inputs:
        given = [i for i in request.inputs if i.role == rule.role]
        if given:
            body[rule.field] = _FORMS[rule.form](rule, given, uris)
    for name in ("ratio", "duration", "seed"):
        value = getattr(request, name)
        if value is not None:
            body[name] = value
    fields = {rule.name: rule.field for rule in spec.settings}
    body |= {fields[name]: value for name, value in request.settings.items()}
    return body | dict(spec.fixed)


def _uri(_rule: InputRule, given: Sequence[Input], uris: Mapping[str, str]) -> str:
    return uris[given[0].media.key]


def _typed(_rule: InputRule, given: Sequence[Input], uris: Mapping[str, str]) -> dict[str, str]:
    return {"type": given[0].media.kind.value, "uri": uris[given[0].media.key]}


def _typed_list(
    _rule: InputRule, given: Sequence[Input], uris: Mapping[str, str]
) -> list[dict[str, str]]:
    return [{"type": i.media.kind.value, "uri": uris[i.media.key]} for i in given]


def _tagged_list(
    _rule: InputRule, given: Sequence[Input], uris: Mapping[str, str]
) -> list[dict[str, str]]:
    return [
        {"uri": uris[i.media.key], **({"tag": i.tag} if i.tag is not None else {})} for i in given
    ]


_FORMS = {"uri": _uri, "typed": _typed, "typed_list": _typed_list, "tagged_list": _tagged_list}


class Credits(BaseModel):
    credits: float = Field(allow_inf_nan=False)


class Created(BaseModel):
    id: str = Field(min_length=1)


class Upload(BaseModel):
    upload_url: str = Field(alias="uploadUrl")
    fields: dict[str, str]
    runway_uri: str = Field(alias="runwayUri")


class TaskBody(BaseModel):
    """A task in any state; what a state does not have is None."""

    id: str
    status: str
    progress: float | None = None
    output: tuple[str, ...] | None = None
    failure: str | None = None
    failure_code: str | None = Field(None, alias="failureCode")
    cost: Credits | None = None

    def to_task(self) -> Task:
        return Task(
            id=self.id,
            # The reference spells it with two Ls, its prose with one.
            status="CANCELLED" if self.status == "CANCELED" else self.status,
            progress=None if self.progress is None else min(1.0, max(0.0, self.progress)),
            outputs=self.output or (),
            failure=self.failure,
            failure_code=self.failure_code,
            cost=math.ceil(self.cost.credits) if self.cost else None,
        )


class _TierModel(BaseModel):
    concurrent: int | None = Field(None, alias="maxConcurrentGenerations")
    daily: int | None = Field(None, alias="maxDailyGenerations")


class _Tier(BaseModel):
    models: dict[str, _TierModel] = {}


class _UsageModel(BaseModel):
    daily: int = Field(0, alias="dailyGenerations")


class _Usage(BaseModel):
    models: dict[str, _UsageModel] = {}


class OrganizationBody(BaseModel):
    tier: _Tier
    balance: int = Field(alias="creditBalance")
    usage: _Usage = _Usage()

    def to_organization(self) -> Organization:
        made = {name: usage.daily for name, usage in self.usage.models.items()}
        return Organization(
            balance=self.balance,
            models={
                name: ModelLimits(limit.concurrent, limit.daily, made.get(name, 0))
                for name, limit in self.tier.models.items()
            },
        )


class _ModelUsage(BaseModel):
    model: str
    amount: int


class _DayUsage(BaseModel):
    date: date
    used: tuple[_ModelUsage, ...] = Field(alias="usedCredits")


class UsageBody(BaseModel):
    """Credits may be negative: a refund for a task of an earlier day."""

    results: tuple[_DayUsage, ...]

    def by_day_and_model(self) -> dict[tuple[date, str], int]:
        return {(day.date, used.model): used.amount for day in self.results for used in day.used}
