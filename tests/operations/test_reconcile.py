"""`dailies quota reconcile` says what `/quota reconcile` says in the chat."""

import json

import pytest
import stamina

from bot.errors import ConfigError
from tests.operations.conftest import KEY

IMAGINE = "/imagine a fox --ratio 720:720"  # 5 credits


@pytest.fixture
def reconcile(stage, run, monkeypatch):
    """Compares the books with those of the stage's Runway."""
    monkeypatch.setenv("RUNWAYML_API_SECRET", KEY)
    monkeypatch.setenv("DAILIES_RUNWAY__BASE_URL", stage.simulator.url)
    return lambda *words: run("quota", "reconcile", *words)


async def test_it_says_what_the_chat_says(stage, reconcile):
    await stage.page.finish(IMAGINE, "ben")
    uncertain = await stage.page.begin(f"{IMAGINE} !504", "ben")
    await stage.page.over(uncertain)
    await stage.page.command("/quota reconcile")
    said = (await stage.page.notices("ada"))[-1]
    assert f"Uncertain: 1 ({uncertain} 5)" in said
    assert await reconcile() == (0, said)

    code, text = await reconcile("--json")
    facts = json.loads(text)
    assert (code, facts["days"], facts["ours"], facts["runway"]) == (0, 7, 5, 10)
    (drift,) = facts["drifts"]
    assert (drift["model"], drift["ours"], drift["runway"]) == ("gen4_image", 5, 10)
    job = {"job": uncertain, "workspace": "playground:local", "member": "ben", "credits": 5}
    assert facts["uncertain"] == [job]
    assert facts["organization"]["models"]["gen4_image"]["made_today"] == 2
    assert facts["organization"]["balance"] > 0


async def test_of_one_workspace_only_its_own_jobs_are_told(stage, reconcile):
    await stage.page.finish(f"{IMAGINE} !504", "ben")
    for words in (("--workspace", "slack:T1"), ("--workspace", "slack:T1", "--json")):
        _, text = await reconcile(*words)
        assert "ben" not in text
        assert "Uncertain" not in text


async def test_a_runway_that_does_not_do_it_is_told(stage, reconcile, monkeypatch):
    monkeypatch.setenv("DAILIES_RUNWAY__BASE_URL", f"{stage.simulator.url}/nowhere")
    with pytest.raises(ConfigError, match="The books cannot be compared: 404") as told:
        await reconcile()
    assert "`dailies check runway` says more" in str(told.value)


async def test_what_is_printed_for_a_script_is_the_answer_alone(reconcile, monkeypatch, capsys):
    monkeypatch.setenv("DAILIES_RUNWAY__BASE_URL", "http://127.0.0.1:1")
    with (
        stamina.set_testing(True, attempts=2),
        pytest.raises(ConfigError, match="Runway could not be reached"),
    ):
        await reconcile("--json")
    assert capsys.readouterr().out == ""


async def test_without_a_key_that_is_said(reconcile, monkeypatch):
    monkeypatch.delenv("RUNWAYML_API_SECRET")
    with pytest.raises(ConfigError, match="There is no Runway key"):
        await reconcile()
