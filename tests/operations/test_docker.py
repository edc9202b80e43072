"""The image's description, as far as it can be judged without a Docker engine."""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from ops.docker_steps import build_stage, health_command, instructions

ROOT = Path(__file__).resolve().parents[2]
DOCKERFILE = (ROOT / "Dockerfile").read_text(encoding="utf-8")
STEPS = list(instructions(DOCKERFILE))


def test_hadolint_finds_nothing():
    beside = Path(sys.executable).with_name("hadolint")
    found = beside if beside.exists() else shutil.which("hadolint")
    if found is None:
        pytest.skip("hadolint has no wheel for this platform")
    told = subprocess.run([found, ROOT / "Dockerfile"], capture_output=True, text=True)
    assert (told.returncode, told.stdout) == (0, "")


def value(word):
    return [rest for step, rest in STEPS if step == word]


def test_it_runs_as_nobody_in_particular():
    assert value("USER") == ["10001:10001"]
    after = [word for word, _ in STEPS[STEPS.index(("USER", "10001:10001")) :]]
    assert "RUN" not in after


def test_a_copy_is_put_back_where_the_image_has_its_database():
    page = (ROOT / "docs/operations.md").read_text(encoding="utf-8")
    (database,) = re.findall("DAILIES_STORAGE__URL=sqlite:///(\\S+)", DOCKERFILE)
    assert re.search(f"--entrypoint tee dailies {re.escape(database)} <", page)
    assert re.search(f"--entrypoint rm dailies -f {database}-wal {database}-shm", page)


def test_it_is_started_without_a_shell_so_that_signals_reach_it():
    assert json.loads(value("ENTRYPOINT")[0]) == ["dailies"]
    assert json.loads(value("CMD")[0]) == ["run"]
    assert value("STOPSIGNAL") == ["SIGTERM"]
    assert health_command(DOCKERFILE)[0] == "python"


def test_dependencies_come_from_the_lock_with_their_hashes():
    installs = [rest for word, rest in STEPS if word == "RUN" and "pip install" in rest]
    assert len(installs) == 2
    assert "--require-hashes -r requirements.lock" in installs[0]
    assert "--no-deps" in installs[1]
    assert "--no-build-isolation" in installs[1]


def test_every_file_that_is_copied_is_there_and_not_ignored():
    allowed = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    for word, rest in build_stage(DOCKERFILE):
        for name in rest.split()[:-1] if word == "COPY" else ():
            assert (ROOT / name).exists()
            assert f"!{name}" in allowed


def test_what_runs_has_every_package_of_ours(tmp_path):
    """A package that is left out of the wheel, or a file beside it, would be missing in the image."""
    copied = {rest.split()[0] for word, rest in build_stage(DOCKERFILE) if word == "COPY"}
    assert {"bot", "adapters", "storage"} <= copied


async def test_the_health_check_tells_a_bot_from_none(stage):
    """The very command of the Dockerfile, against a bot that runs."""
    import asyncio

    _, *arguments = health_command(DOCKERFILE)
    port = stage.page.url.rpartition(":")[2]
    for asked, code in ((port, 0), ("9", 1)):
        process = await asyncio.create_subprocess_exec(
            sys.executable, *arguments, env={"DAILIES_WEB__PORT": asked},
            stderr=asyncio.subprocess.DEVNULL,
        )  # fmt: skip
        assert await process.wait() == code


@pytest.mark.parametrize("name", ["compose.yaml", "compose.scale.yaml"])
def test_compose_files_hold_the_bot_in(name):
    services = yaml.safe_load((ROOT / name).read_text(encoding="utf-8"))["services"]
    bot = services["dailies"]
    assert bot["read_only"] is True
    assert bot["cap_drop"] == ["ALL"]
    assert bot["security_opt"] == ["no-new-privileges:true"]
    assert any(mount.startswith("/tmp") for mount in bot["tmpfs"])  # noqa: S108 - in a container
    assert int(bot["stop_grace_period"].removesuffix("s")) > 20
    for service in services.values():
        for port in service.get("ports", ()):
            assert port.startswith("127.0.0.1:")
        assert not re.search(r":latest$", service.get("image", ""))


def test_several_replicas_share_a_database_and_an_archive():
    text = (ROOT / "compose.scale.yaml").read_text(encoding="utf-8")
    environment = yaml.safe_load(text)["services"]["dailies"]["environment"]
    assert environment["DAILIES_STORAGE__URL"].startswith("postgresql+asyncpg://")
    assert environment["DAILIES_ARCHIVE__URL"].startswith("s3://")
