"""The chart and the CSV of a report, without any books."""

import csv
import io
from datetime import date, timedelta

import pytest
from PIL import Image

from bot.desk.reporting import csv_of
from bot.media.charts import HEIGHT, WIDTH, draw_chart
from bot.quotas import Usage

DAY = date(2026, 3, 10)


@pytest.mark.parametrize("members", [0, 1, 7, 40])
@pytest.mark.parametrize("days", [1, 7, 31])
async def test_a_chart_of_any_size_is_one_picture(members, days):
    dates = [DAY + timedelta(days=n) for n in range(days)]
    used = {f"a long name of member {n}": [n * day for day in range(days)] for n in range(members)}
    image = Image.open(io.BytesIO(await draw_chart("Credits", dates, used)))
    assert (image.format, image.size) == ("PNG", (WIDTH, HEIGHT))


async def test_a_bar_is_twice_as_high_for_twice_the_credits():
    dates = [DAY, DAY + timedelta(days=1)]
    content = await draw_chart("Credits", dates, {"Ben": [40, 20]})
    image = Image.open(io.BytesIO(content)).convert("RGB")
    colour = (0x4C, 0x78, 0xA8)
    low, high = (
        sum(image.getpixel((x, y)) == colour for y in range(HEIGHT)) for x in (70 + 518, 70 + 172)
    )
    assert low > 100
    assert abs(high - 2 * low) <= 2


def test_no_name_becomes_a_formula_in_a_spreadsheet():
    usages = [Usage(DAY, "u1", "gen4_image", 1, 8)]
    (row,) = csv.DictReader(io.StringIO(csv_of(usages, {"u1": '=HYPERLINK("http://x","y")'})))
    assert row["name"].startswith("'=")
    assert (row["day"], row["credits"], row["workspace_credits"]) == ("2026-03-10", "8", "0")
