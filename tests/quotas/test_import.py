"""Rules in bulk: all of a CSV or nothing, and each line that is wrong is named."""

import pytest

from bot.credits import Allowance, Period
from bot.errors import ConfigError

HERE = "playground:local"
HEAD = "workspace,scope,credits,period"


@pytest.fixture
def import_of(dailies, tmp_path):
    """Imports some lines, below those that name the columns."""

    async def run(*lines: str) -> str:
        (tmp_path / "rules.csv").write_text("\n".join((HEAD, *lines)), encoding="utf-8")
        return await dailies("import", str(tmp_path / "rules.csv"))

    return run


async def test_what_was_exported_is_what_can_be_imported(books, dailies, import_of):
    await import_of(f"{HERE},Default,300,", f"{HERE},ben,70,week", f"{HERE},role:design,blocked,")
    rules = await books.quotas.rules(HERE)
    assert {rule.scope: rule.allowance for _, rule in rules} == {
        "default": Allowance(300),
        "member:ben": Allowance(70, Period.WEEK),
        "role:design": Allowance(0, blocked=True),
    }
    await import_of(*(await dailies("export")).splitlines()[1:])
    assert await books.quotas.rules(HERE) == rules


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        (
            ["default,1,", "ben,2,", "Default,3,"],
            "line 4: default of playground:local is on an earlier",
        ),
        (["ben,2,", "member:ben,2,"], "line 3: member:ben of playground"),
        (["workspace,blocked,"], "line 2: Only a member, a role or default can be blocked"),
        (["ben,5,", "channel:dailies,blocked,"], "line 3: Only a member"),
        (["role:,5,"], "line 2: role: is nobody."),
        (["user:ben,5,"], "line 2: user:ben is nobody."),
        ([",5,"], "line 2: nothing is nobody."),
        (["ben,0,", "ben"], "line 3: a column is missing"),
    ],
)
async def test_each_line_that_is_wrong_is_named_and_nothing_changed(books, import_of, lines, said):
    with pytest.raises(ConfigError) as caught:
        await import_of(*(f"{HERE},{line}" for line in lines))
    assert str(caught.value).startswith("Nothing was changed.\nline ")
    assert said in str(caught.value)
    assert await books.quotas.rules(HERE) == []


async def test_each_workspace_has_a_default_of_its_own(books, import_of):
    assert await import_of(f"{HERE},default,1,", "slack:T1,default,2,") == "2 rules set."
