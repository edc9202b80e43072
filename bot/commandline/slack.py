"""`dailies slack-manifest`: what Slack's form for a new app takes."""

import argparse
from typing import TYPE_CHECKING

from bot.config import COMMAND_PREFIX, load_config
from bot.errors import ConfigError

if TYPE_CHECKING:
    from bot.commandline.groups import Parsers


def add_slack(commands: "Parsers") -> None:
    """`dailies slack-manifest`."""
    slack = commands.add_parser("slack-manifest", help="print the manifest of the Slack app")
    slack.add_argument(
        "--format",
        choices=("json", "yaml"),
        default="json",
        help="how it is written (default: json)",
    )
    slack.add_argument(
        "--prefix",
        help="what every command begins with, as in dailies- (default: slack.command_prefix)",
    )
    slack.add_argument(
        "--mode", choices=("socket", "http"), help="how Slack reaches the bot (default: slack.mode)"
    )
    slack.add_argument(
        "--url", help="the bot's public address, for http and OAuth (default: web.public_url)"
    )
    slack.set_defaults(command=_manifest)


async def _manifest(arguments: argparse.Namespace) -> str:
    from adapters.slack.manifest import as_json, as_yaml, manifest

    config = load_config()
    slack = config.slack
    prefix = slack.command_prefix if arguments.prefix is None else arguments.prefix
    if not COMMAND_PREFIX.fullmatch(prefix):
        raise ConfigError("--prefix: at most 20 small letters, digits, - and _.")
    mode = arguments.mode or slack.mode
    url = _public(arguments.url, config.web.public_url, needed=mode == "http" or slack.oauth)
    app = manifest(prefix=prefix, mode=mode, url=url, oauth=slack.oauth)
    return as_yaml(app) if arguments.format == "yaml" else as_json(app)


def _public(given: str | None, configured: str | None, *, needed: bool) -> str | None:
    """The address at which Slack reaches the bot, where it has to; raises ConfigError."""
    url = given or (configured if needed else None)
    if needed and url is None:
        raise ConfigError(
            "Slack has to know where it reaches the bot: --url https://dailies.example.com, or set "
            "web.public_url."
        )
    if url is not None and not url.startswith("https://"):
        raise ConfigError(f"--url: {url} must begin with https://, or Slack does not take it.")
    return url
