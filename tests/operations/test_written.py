"""What is written for operators is true: command lines, messages, metrics, alerts, the drawing."""

import ast
import json
import re
import shlex
import tomllib
from functools import cache
from pathlib import Path

import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families

from bot.cli import parser
from bot.offer import READ_SECONDS
from bot.watching.metrics import Metrics

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")], key=lambda path: str(path))
# Programs that are not ours, in lines that are for a shell.
FOREIGN = {
    *("cp", "docker", "export", "git", "pg_restore", "python3", "sudo", "systemctl", "timedatectl")
}
TOOLS = {"pip", "pytest", "playwright", "pre-commit"}


def shell_lines(page: Path) -> list[str]:
    """The lines of a page's blocks for a shell, without comments, continued ones joined."""
    blocks = re.findall(r"```sh\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL)
    lines = "\n".join(blocks).replace("\\\n", " ").splitlines()
    return [found for line in lines if (found := re.sub(r"(^|\s)#.*", "", line).strip())]


def commands(line: str) -> list[list[str]]:
    """The words of each command in a line: without variables set before it, and redirections."""
    found: list[list[str]] = []
    for part in re.split(r"&&|\|\||;|\|", line):
        words = shlex.split(re.sub(r"[<>]+\s*\S+", "", part))
        while words and re.fullmatch(r"[A-Z_]+=.*", words[0]):
            del words[0]
        if words:
            found.append(words)
    return found


LINES = [(page.name, line) for page in PAGES for line in shell_lines(page)]
# A command line in running text; what stands for something else there makes it no line to run.
INLINE = [
    (page.name, found)
    for page in PAGES
    for found in re.findall(r"`(?:\.venv/bin/)?(dailies [^`…|<\[]+)`", page.read_text("utf-8"))
]


@pytest.mark.parametrize(("page", "line"), LINES)
def test_every_line_for_a_shell_is_one_that_can_be_run(page, line):
    for words in commands(line):
        program = words[0].rpartition("/")[2]
        if program == "dailies":
            parser().parse_args(words[1:])
        elif program == "make":
            assert_targets(words[1:])
        elif program == "docker":
            assert_compose(words)
        else:
            assert program in FOREIGN | TOOLS, f"{page}: who knows {program}?"


@pytest.mark.parametrize(("page", "line"), INLINE)
def test_every_command_in_running_text_is_one_that_there_is(page, line):
    words = shlex.split(line)[1:]
    chosen = parser()
    try:
        chosen.parse_args(words)
    except SystemExit:
        # Named without what it needs: it must be there all the same.
        with pytest.raises(SystemExit) as ended:
            chosen.parse_args([*words, "--help"])
        assert ended.value.code == 0, f"{page}: {line}"


def test_there_are_lines_to_look_at():
    assert len(LINES) > 30
    assert len(INLINE) > 10


def assert_targets(words: list[str]) -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for word in words:
        assert "=" in word or re.search(rf"^{re.escape(word)}:", makefile, re.MULTILINE), word


def assert_compose(words: list[str]) -> None:
    if words[2] == "-f":
        assert (ROOT / words[3]).is_file()
    if "--entrypoint" in words:  # a program of the image's, on its files
        assert words[words.index("--entrypoint") + 2] == "dailies"
    elif "run" in words:
        service, *rest = words[words.index("run") + 2 :]
        assert service == "dailies"
        parser().parse_args(rest)


def test_make_help_says_what_every_target_does():
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    phony = re.search(r"^\.PHONY: (.*)$", makefile, re.MULTILINE)
    told = re.findall(r"^([a-z-]+):.*## \S", makefile, re.MULTILINE)
    assert phony is not None
    assert sorted(phony[1].split()) == sorted(told)


@cache
def said_in_code() -> list[str]:
    """Every text in the code, with … where something is filled in."""
    said = []
    for top in ("bot", "adapters", "storage"):
        for path in (ROOT / top).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Constant) and isinstance(node.value, str):
                    said.append(node.value)
                elif isinstance(node, ast.JoinedStr):
                    parts = (v.value if isinstance(v, ast.Constant) else "…" for v in node.values)
                    said.append("".join(map(str, parts)))
    return said


def quoted(page: str) -> list[str]:
    """The first cell of each row of a page's tables, where it is a quotation."""
    text = (ROOT / "docs" / page).read_text(encoding="utf-8")
    return re.findall(r"^\| `([^`]+)` \|", text, re.MULTILINE)


@pytest.mark.parametrize("message", quoted("troubleshooting.md"))
def test_every_message_that_is_explained_is_one_that_is_said(message):
    pieces = [piece for piece in message.split("…") if piece.strip(" .:")]
    pattern = re.compile(".*".join(map(re.escape, pieces)), re.DOTALL)
    assert any(pattern.search(said) for said in said_in_code()), message


def names_of_metrics() -> set[str]:
    """Every name that a sample can have."""
    names = set()
    for family in Metrics().registry.collect():
        suffixes = {"counter": ["_total"], "histogram": ["_bucket", "_count", "_sum"]}
        suffixes["info"] = ["_info"]
        names |= {family.name + end for end in suffixes.get(family.type, [""])}
    return names


@pytest.mark.parametrize("name", ["ops/grafana.json", "ops/alerts.yaml"])
def test_dashboard_and_alerts_name_metrics_that_there_are(name):
    named = set(re.findall(r"\b(?:dailies|process)_[a-z_]+", (ROOT / name).read_text("utf-8")))
    assert named
    assert named <= names_of_metrics()


def test_every_metric_is_on_the_dashboard_and_explained():
    bases = {
        re.sub(r"_(bucket|count|sum)$", "", name)
        for name in names_of_metrics()
        if name.startswith("dailies_")
    }
    explained = {name for name in quoted("operations.md") if name.startswith("dailies_")}
    dashboard = (ROOT / "ops/grafana.json").read_text(encoding="utf-8")
    assert explained == bases
    assert [name for name in bases if name not in dashboard] == []


def test_labels_in_dashboard_and_alerts_are_those_of_the_metrics():
    """In `by (…)` and in braces; a label that there is not would silently match nothing."""
    metrics = Metrics()
    known = {"le", "job", "instance", "version"}
    for instrument in vars(metrics).values():
        known |= set(getattr(instrument, "_labelnames", ()))
    text = "".join((ROOT / p).read_text("utf-8") for p in ("ops/grafana.json", "ops/alerts.yaml"))
    grouped = {w for found in re.findall(r"by \(([^)]*)\)", text) for w in found.split(", ")}
    matched = set(re.findall(r"[{,]([a-z]+)=~?", text))
    assert grouped | matched <= known


def test_the_dashboard_is_json_with_queries_in_every_panel():
    panels = json.loads((ROOT / "ops/grafana.json").read_text(encoding="utf-8"))["panels"]
    assert all(target["expr"] for panel in panels for target in panel["targets"])
    assert len({panel["id"] for panel in panels}) == len(panels)


def test_every_alert_is_explained_and_says_what_is_wrong():
    (group,) = yaml.safe_load((ROOT / "ops/alerts.yaml").read_text(encoding="utf-8"))["groups"]
    alerts = {rule["alert"] for rule in group["rules"]}
    explained = {name for name in quoted("operations.md") if name.startswith("Dailies")}
    assert alerts == explained
    assert all(rule["annotations"]["summary"] for rule in group["rules"])


def test_an_alert_about_runways_answers_sees_those_of_an_idle_bot():
    """With nothing queued Runway is asked every READ_SECONDS, and an empty window ends an alarm."""
    rules = (ROOT / "ops/alerts.yaml").read_text(encoding="utf-8")
    windows = re.findall(r"dailies_runway_(?:answers|errors)_total(?:{[^}]*})?\[(\d+)m\]", rules)
    assert len(windows) == len(re.findall("dailies_runway_(?:answers|errors)_total", rules))
    assert min(int(minutes) * 60 for minutes in windows) > READ_SECONDS * 1.5


def test_what_is_served_can_be_read_by_prometheus():
    families = list(text_string_to_metric_families(Metrics().text().decode()))
    assert "dailies_commands" in {family.name for family in families}


def test_the_drawing_of_the_layers_is_what_the_linter_holds():
    layers = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    contract = layers["tool"]["importlinter"]["contracts"][0]["layers"]
    page = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    drawn = re.search(r"## Layers\n.*?```\n(.*?)```", page, re.DOTALL)
    assert drawn is not None
    assert drawn[1].splitlines() == contract


def test_the_map_names_files_that_there_are_and_every_part_of_the_bot():
    page = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    block = re.search(r"```\n(adapters/.*?)```", page, re.DOTALL)
    assert block is not None
    named = set(re.findall(r"\b[a-z_]+(?:/[a-z_]+)*(?:\.py|\.toml|/)", block[1]))
    rooms = [folder for folder in (ROOT / "bot").iterdir() if folder.is_dir()]
    tops = (ROOT, ROOT / "bot", ROOT / "adapters", ROOT / "storage", *rooms)
    assert [name for name in named if not any((top / name).exists() for top in tops)] == []
    # What was moved away leaves a folder with compiled files behind in older checkouts.
    parts = {p.name for p in (ROOT / "bot").iterdir() if p.suffix == ".py" or any(p.glob("*.py"))}
    left_out = {p for p in parts if p.removesuffix(".py") not in block[1]}
    assert left_out - {"__init__.py", "__pycache__", "py.typed"} == set()


def test_hooks_before_a_commit_run_what_there_is():
    hooks = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8"))
    (repo,) = hooks["repos"]
    assert repo["repo"] == "local"  # nothing is fetched behind one's back
    for hook in repo["hooks"]:
        program, *rest = hook["entry"].split()
        if program == "make":
            assert_targets(rest)
        else:
            assert program.startswith(".venv/bin/")
