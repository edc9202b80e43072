"""What is written for people is true: the example configuration, and the list of models."""

import re
import tomllib
from pathlib import Path

from bot.catalog import ModelSpec, load_catalog
from bot.commands.specification import COMMANDS, models_for
from bot.config import Config, load_config

ROOT = Path(__file__).parent.parent.parent


def test_the_example_configuration_can_be_used_and_says_the_defaults(monkeypatch):
    monkeypatch.setenv("DAILIES_CONFIG", str(ROOT / "config.example.toml"))
    example = load_config()
    monkeypatch.delenv("DAILIES_CONFIG")
    monkeypatch.chdir(ROOT / "docs")
    assert example.model_dump(exclude={"models"}) == load_config().model_dump(exclude={"models"})


def test_the_example_configuration_has_every_section():
    written = tomllib.loads((ROOT / "config.example.toml").read_text(encoding="utf-8"))
    assert set(Config.model_fields) - {"models"} == set(written)


def test_the_example_configuration_has_every_key_with_words_above_it():
    """Also those that are commented out, being secrets or having no default."""
    lines = (ROOT / "config.example.toml").read_text(encoding="utf-8").splitlines()
    found: dict[str, set[str]] = {}
    section = ""
    for line in lines:
        if heading := re.fullmatch(r"\[([a-z]+)\]", line):
            section = heading[1]
        elif key := re.match(r"(?:# )?([a-z_]+) = ", line):
            found.setdefault(section, set()).add(key[1])
    for name, field in Config.model_fields.items():
        if name != "models":
            keys = set(field.annotation.model_fields) - {"members"}  # a table of its own
            assert keys <= found[name], (name, keys - found[name])


def test_the_page_on_models_lists_every_model_with_its_price():
    page = (ROOT / "docs" / "models.md").read_text(encoding="utf-8").splitlines()
    catalog = load_catalog()
    expected = [_row(c.name, model) for c in COMMANDS for model in models_for(c, catalog)]
    assert [line for line in page if line.startswith("| `/")] == expected


def _row(command: str, model: ModelSpec) -> str:
    ratios = ", ".join(model.friendly_ratios()) or "–"
    seconds = ", ".join(map(str, model.durations))
    if model.durations and len(model.durations) == model.durations[-1] - model.durations[0] + 1:
        seconds = f"{model.durations[0]}–{model.durations[-1]}"
    return (
        f"| `/{command}` | `{model.id}` | {model.price.summary()} | {ratios} | {seconds or '–'} |"
    )
