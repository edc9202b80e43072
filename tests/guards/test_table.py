"""`make guards` takes minutes; that its table fits the code is seen at once."""

import pytest

from tests.guards.guard import Guard
from tests.guards.table import GUARDS
from tests.scenario.processes import ROOT


@pytest.mark.parametrize("guard", GUARDS, ids=str)
def test_a_guard_is_where_the_table_says(guard: Guard) -> None:
    assert (ROOT / guard.file).read_text().count(guard.text) == 1
