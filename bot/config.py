"""What the operator can set: config.toml, then DAILIES_* in the environment, then secrets files.

`DAILIES_WEB__PORT=8090` sets `port` in the section `web`. The Runway key comes from
`RUNWAYML_API_SECRET`, or from the file that `RUNWAYML_API_SECRET_FILE` names; Discord's token in the
same way from `DISCORD_TOKEN`, which `DAILIES_DISCORD__TOKEN` wins over.
"""

import os
from collections.abc import Mapping
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
    model_validator,
)
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from bot.credits import MOST_CREDITS, Period
from bot.errors import ConfigError
from bot.polling import FLOOR_SECONDS

RUNWAY_URL = "https://api.dev.runwayml.com"


def is_loopback(url: str) -> bool:
    """Whether an address is on this machine."""
    host = urlsplit(url).hostname or ""
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def _https_or_loopback(url: str) -> str:
    if not url.startswith("https://") and not (url.startswith("http://") and is_loopback(url)):
        raise ValueError("must begin with https:// (http:// only on this machine)")
    return url.rstrip("/")


def _loopback_only(url: str) -> str:
    if not url.startswith(("http://", "ws://")) or not is_loopback(url):
        raise ValueError("may only be an address on this machine, for a stand-in for Discord")
    return url.rstrip("/")


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise ValueError(f"there is no time zone {name!r}; write it as in Europe/Berlin") from None
    return name


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class RunwayConfig(_Section):
    """`poll_seconds` may be under Runway's own 5 s only for a stand-in on this machine."""

    api_secret: SecretStr | None = None
    base_url: Annotated[str, AfterValidator(_https_or_loopback)] = RUNWAY_URL
    poll_seconds: Annotated[float, Field(gt=0, le=60)] = FLOOR_SECONDS


class StorageConfig(_Section):
    url: str = "sqlite:///data/dailies.db"


class ArchiveConfig(_Section):
    url: str = "data/archive"


class WebConfig(_Section):
    """`port` 0 takes any free one."""

    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65535)] = 8080


class PlaygroundMember(_Section):
    id: str = Field(pattern=r"^[a-z0-9_-]{1,32}$")
    name: str = Field(min_length=1, max_length=40)
    admin: bool = False
    roles: tuple[Annotated[str, Field(pattern=r"^[a-z0-9_-]{1,32}$")], ...] = ()


class PlaygroundConfig(_Section):
    """The local web chat."""

    enabled: bool = False
    members: tuple[PlaygroundMember, ...] = (
        PlaygroundMember(id="ada", name="Ada", admin=True),
        PlaygroundMember(id="ben", name="Ben", roles=("design",)),
        PlaygroundMember(id="chloe", name="Chloe", roles=("design", "motion")),
    )


class DiscordConfig(_Section):
    """Runs where there is a token. `api_base` and `gateway` are for a stand-in on this machine.

    `upload_limit_mb` (MiB) is what a server without boosts takes: Discord moves it now and then.
    """

    token: SecretStr | None = None
    api_base: Annotated[str, AfterValidator(_loopback_only)] | None = None
    gateway: Annotated[str, AfterValidator(_loopback_only)] | None = None
    upload_limit_mb: Annotated[int, Field(ge=1, le=500)] = 10
    alert_channel: Annotated[int, Field(gt=0)] | None = None
    shard_count: Annotated[int, Field(ge=1, le=10_000)] | None = None
    shard_ids: tuple[Annotated[int, Field(ge=0)], ...] = ()

    @model_validator(mode="after")
    def _shards_fit(self) -> Self:
        if self.shard_ids and (self.shard_count is None or max(self.shard_ids) >= self.shard_count):
            raise ValueError("shard_ids needs a shard_count that is larger than each of them")
        return self


class QuotaConfig(_Section):
    """What holds where a workspace has set nothing of its own; `credits` of None is unlimited."""

    credits: Annotated[int, Field(ge=1, le=MOST_CREDITS)] | None = 500
    period: Period = Period.MONTH
    time_zone: Annotated[str, AfterValidator(_zone)] = "UTC"
    jobs_in_flight: Annotated[int, Field(ge=1, le=1000)] = 3
    confirm_above: Annotated[int, Field(ge=0, le=MOST_CREDITS)] | None = 100
    ask_hours: Annotated[int, Field(ge=1, le=24 * 30)] = 24


class ModerationConfig(_Section):
    """A pause after so many refusals by Runway's moderation within so many hours."""

    strikes: Annotated[int, Field(ge=1, le=1000)] = 3
    window_hours: Annotated[int, Field(ge=1, le=24 * 365)] = 24
    pause_hours: Annotated[int, Field(ge=1, le=24 * 365)] = 24
    words: tuple[Annotated[str, Field(min_length=1, max_length=100)], ...] = ()


class LogConfig(_Section):
    level: Literal["debug", "info", "warning", "error"] = "info"
    format: Literal["console", "json"] = "console"


class Config(BaseSettings):
    """Everything, checked before anything connects."""

    model_config = SettingsConfigDict(
        env_prefix="DAILIES_", env_nested_delimiter="__", extra="forbid", frozen=True
    )

    runway: RunwayConfig = RunwayConfig()
    storage: StorageConfig = StorageConfig()
    archive: ArchiveConfig = ArchiveConfig()
    web: WebConfig = WebConfig()
    playground: PlaygroundConfig = PlaygroundConfig()
    discord: DiscordConfig = DiscordConfig()
    quota: QuotaConfig = QuotaConfig()
    moderation: ModerationConfig = ModerationConfig()
    log: LogConfig = LogConfig()
    models: Mapping[str, Mapping[str, Any]] = {}

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        path = Path(os.environ.get("DAILIES_CONFIG", "config.toml"))
        return init_settings, env_settings, TomlConfigSettingsSource(settings_cls, path)


def load_config() -> Config:
    """Read and check everything; raises ConfigError that names each wrong key."""
    named = os.environ.get("DAILIES_CONFIG")
    if named and not Path(named).is_file():
        raise ConfigError(f"DAILIES_CONFIG names {named}, and there is no such file.")
    try:
        config = Config()
    except ValidationError as error:
        raise ConfigError(_explain(error)) from None
    except ValueError as error:
        raise ConfigError(f"config.toml cannot be read: {error}") from None
    if config.runway.poll_seconds < FLOOR_SECONDS and not is_loopback(config.runway.base_url):
        raise ConfigError(
            f"runway.poll_seconds: Runway allows one question every {FLOOR_SECONDS:g} seconds."
        )
    secret = config.runway.api_secret or _secret("RUNWAYML_API_SECRET")
    runway = config.runway.model_copy(update={"api_secret": secret})
    token = config.discord.token or _secret("DISCORD_TOKEN")
    discord = config.discord.model_copy(update={"token": token})
    return config.model_copy(update={"runway": runway, "discord": discord})


def _secret(name: str) -> SecretStr | None:
    """A secret from the environment, or from the file that `<name>_FILE` names."""
    value = os.environ.get(name)
    path = os.environ.get(f"{name}_FILE")
    if not value and path:
        try:
            value = Path(path).read_text(encoding="utf-8").strip()
        except OSError as error:
            raise ConfigError(f"{name}_FILE: {path} cannot be read ({error.strerror}).") from None
    return SecretStr(value) if value else None


def _explain(error: ValidationError) -> str:
    lines = []
    for problem in error.errors(include_input=False, include_url=False):
        key = ".".join(str(part) for part in problem["loc"])
        unknown = problem["type"] == "extra_forbidden"
        lines.append(f"  {key}: {'there is no such setting' if unknown else problem['msg']}")
    return "The configuration cannot be used:\n" + "\n".join(lines)
