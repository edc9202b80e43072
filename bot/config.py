"""What the operator can set: config.toml, then DAILIES_* in the environment, then secrets files.

`DAILIES_WEB__PORT=8090` sets `port` in the section `web`. The Runway key comes from
`RUNWAYML_API_SECRET`, or from the file that `RUNWAYML_API_SECRET_FILE` names; Slack's tokens come from
`SLACK_BOT_TOKEN`, `SLACK_APP_TOKEN` and `SLACK_SIGNING_SECRET` in the same way, Discord's from `DISCORD_TOKEN`.
"""

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, Self

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

from bot.addresses import (
    SLACK_URL,
    https_or_loopback,
    is_loopback,
    loopback_only,
    slack_or_loopback,
    zone,
)
from bot.credits import MOST_CREDITS, Period
from bot.errors import ConfigError
from bot.polling import FLOOR_SECONDS

RUNWAY_URL = "https://api.dev.runwayml.com"
COMMAND_PREFIX = re.compile(r"^[a-z0-9_-]{0,20}$")


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class RunwayConfig(_Section):
    """`poll_seconds` may be under Runway's own 5 s only for a stand-in on this machine.

    A task at work for longer than `give_up_minutes`, and for 20 times as long as usual, is given up.
    """

    api_secret: SecretStr | None = None
    base_url: Annotated[str, AfterValidator(https_or_loopback)] = RUNWAY_URL
    poll_seconds: Annotated[float, Field(gt=0, le=60)] = FLOOR_SECONDS
    give_up_minutes: Annotated[float, Field(gt=0, le=7 * 24 * 60)] = 120


class RunConfig(_Section):
    """What this replica does; everything where `only` is empty.

    `worker` carries jobs, `discord` and `slack` listen to people there, `web` serves the playground
    and the links to originals.
    """

    only: tuple[Literal["worker", "discord", "slack", "web"], ...] = ()

    def does(self, part: str) -> bool:
        return not self.only or part in self.only


class StorageConfig(_Section):
    """A replica that dies is replaced within `lease_seconds`, where there are several."""

    url: str = "sqlite:///data/dailies.db"
    lease_seconds: Annotated[float, Field(ge=1, le=600)] = 30


class ArchiveConfig(_Section):
    """Files older than `keep_days`, and the oldest beyond `max_gb` together, are removed."""

    url: str = "data/archive"
    keep_days: Annotated[int, Field(ge=1, le=36_500)] | None = None
    max_gb: Annotated[float, Field(gt=0)] | None = None


class WebConfig(_Section):
    """`port` 0 takes any free one; `public_url` is where people reach this server from outside."""

    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65535)] = 8080
    public_url: Annotated[str, AfterValidator(https_or_loopback)] | None = None
    link_days: Annotated[int, Field(ge=1, le=365)] = 7


class PlaygroundMember(_Section):
    id: str = Field(pattern=r"^[a-z0-9_-]{1,32}$")
    name: str = Field(min_length=1, max_length=40)
    admin: bool = False
    roles: tuple[Annotated[str, Field(pattern=r"^[a-z0-9_-]{1,32}$")], ...] = ()


class PlaygroundConfig(_Section):
    """The local web chat; `upload_mb` is the largest file that it takes, as chats have one."""

    enabled: bool = False
    upload_mb: Annotated[float, Field(gt=0)] = 500
    members: tuple[PlaygroundMember, ...] = (
        PlaygroundMember(id="ada", name="Ada", admin=True),
        PlaygroundMember(id="ben", name="Ben", roles=("design",)),
        PlaygroundMember(id="chloe", name="Chloe", roles=("design", "motion")),
    )


class SlackConfig(_Section):
    """`admins` are members (U…) or user groups (S…) beside Slack's own admins and owners.

    OAuth is on only with `client_id` and `client_secret` in this very section.
    """

    bot_token: SecretStr | None = None
    app_token: SecretStr | None = None
    signing_secret: SecretStr | None = None
    mode: Literal["socket", "http"] = "socket"
    api_base: Annotated[str, AfterValidator(slack_or_loopback)] = SLACK_URL
    command_prefix: str = Field(default="", pattern=COMMAND_PREFIX)
    alert_channel: Annotated[str, Field(pattern=r"^[CG][A-Z0-9]+$")] | None = None
    admins: tuple[Annotated[str, Field(pattern=r"^[UWS][A-Z0-9]+$")], ...] = ()
    guests: bool = True
    client_id: str | None = None
    client_secret: SecretStr | None = None

    @property
    def oauth(self) -> bool:
        return self.client_id is not None and self.client_secret is not None

    @property
    def enabled(self) -> bool:
        return self.bot_token is not None or self.oauth

    def check(self) -> None:
        """Whether it can run like this; raises ConfigError when a token is missing."""
        if self.mode == "socket" and self.app_token is None:
            raise ConfigError(
                "Slack's Socket Mode needs an app-level token (xapp-…): set SLACK_APP_TOKEN, or "
                "DAILIES_SLACK__MODE=http to be called over the web."
            )
        if self.mode == "http" and self.signing_secret is None:
            raise ConfigError(
                "Slack over HTTP needs the app's signing secret: set SLACK_SIGNING_SECRET."
            )


class DiscordConfig(_Section):
    """Runs where there is a token. `api_base` and `gateway` are for a stand-in on this machine.

    `upload_limit_mb` (MiB) is what a server without boosts takes: Discord moves it now and then.
    """

    token: SecretStr | None = None
    api_base: Annotated[str, AfterValidator(loopback_only)] | None = None
    gateway: Annotated[str, AfterValidator(loopback_only)] | None = None
    upload_limit_mb: Annotated[int, Field(ge=1, le=500)] = 10
    alert_channel: Annotated[int, Field(gt=0)] | None = None
    shard_count: Annotated[int, Field(ge=1, le=10_000)] | None = None
    shard_ids: tuple[Annotated[int, Field(ge=0)], ...] = ()

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if self.shard_ids and (self.shard_count is None or max(self.shard_ids) >= self.shard_count):
            raise ValueError("shard_ids needs a shard_count that is larger than each of them")
        if (self.api_base is None) != (self.gateway is None):
            raise ValueError("api_base and gateway go together: set both, or none")
        return self


class QuotaConfig(_Section):
    """What holds where a workspace has set nothing of its own; `credits` of None is unlimited."""

    credits: Annotated[int, Field(ge=1, le=MOST_CREDITS)] | None = 500
    period: Period = Period.MONTH
    time_zone: Annotated[str, AfterValidator(zone)] = "UTC"
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
    run: RunConfig = RunConfig()
    storage: StorageConfig = StorageConfig()
    archive: ArchiveConfig = ArchiveConfig()
    web: WebConfig = WebConfig()
    playground: PlaygroundConfig = PlaygroundConfig()
    slack: SlackConfig = SlackConfig()
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
    slack = _with_secrets(config.slack)
    return config.model_copy(update={"runway": runway, "discord": discord, "slack": slack})


def _with_secrets(slack: SlackConfig) -> SlackConfig:
    """Slack's section with its tokens, from wherever they are."""
    slack = slack.model_copy(
        update={
            name: getattr(slack, name) or _secret(f"SLACK_{name.upper()}")
            for name in ("bot_token", "app_token", "signing_secret")
        }
    )
    if (slack.client_id is None) != (slack.client_secret is None):
        raise ConfigError("slack.client_id and slack.client_secret go together: set both, or none.")
    return slack


def _secret(name: str) -> SecretStr | None:
    """A secret from the environment, or from the file that `<name>_FILE` names."""
    value = os.environ.get(name, "").strip()
    path = os.environ.get(f"{name}_FILE")
    if not value and path:
        try:
            value = Path(path).read_text(encoding="utf-8").strip()
        except OSError as error:
            raise ConfigError(f"{name}_FILE: {path} cannot be read ({error.strerror}).") from None
        except UnicodeDecodeError:
            raise ConfigError(f"{name}_FILE: {path} is no text.") from None
    value = (value or "").strip()
    if not (value.isascii() and value.isprintable()):
        raise ConfigError(f"{name} holds letters that no key has. Copy the key anew.")
    return SecretStr(value) if value else None


def _explain(error: ValidationError) -> str:
    lines = []
    for problem in error.errors(include_input=False, include_url=False):
        key = ".".join(str(part) for part in problem["loc"])
        unknown = problem["type"] == "extra_forbidden"
        lines.append(f"  {key}: {'there is no such setting' if unknown else problem['msg']}")
    return "The configuration cannot be used:\n" + "\n".join(lines)
