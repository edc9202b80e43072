"""Lengths, shortening, and the small phrases that texts are made of."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.jobs import Member
from bot.messages.words import (
    MOST_NAME,
    NOUNS,
    TITLES,
    a,
    credits,
    duration,
    either,
    file_name,
    left,
    ordinal,
    shape,
    size,
    together,
)
from bot.requests import GenerationRequest, Operation
from bot.text import Bold, Who, join, mended, shorten, utf16_units

_ANY = st.text(st.characters(exclude_categories=()))


@pytest.mark.parametrize(
    ("text", "units"),
    [
        ("", 0),
        ("fox", 3),
        ("füx", 3),
        ("狐", 1),
        ("🦊", 2),
        ("👩‍👩‍👧", 8),
        ("e\u0301", 2),
        ("\ud83e", 1),
    ],
)
def test_utf16_units(text, units):
    assert utf16_units(text) == units


@given(_ANY)
def test_utf16_units_are_between_one_and_two_a_character(text):
    assert len(text) <= utf16_units(text) <= 2 * len(text)


@given(_ANY)
def test_what_is_mended_can_be_written_anywhere(text):
    fixed = mended(text)
    fixed.encode()
    assert utf16_units(fixed) == utf16_units(text)


@given(st.text())
def test_a_whole_text_is_not_touched_by_mending(text):
    assert mended(text) == text


@given(_ANY, st.integers(1, 80))
def test_a_shortened_text_is_never_longer_and_says_when_something_was_cut(text, limit):
    short = shorten(text, limit)
    assert len(short) <= limit
    assert short == text if len(text) <= limit else short.endswith("…")
    assert text.startswith(short.removesuffix("…")) or short == text


def test_texts_are_joined_with_what_is_between():
    joined = join([("one ", Bold("two")), (Who("ada"),)], ", ")
    assert joined == ("one ", Bold("two"), ", ", Who("ada"))
    assert join([], ", ") == ()


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "1 s"), (0.4, "1 s"), (8.4, "8 s"), (59.4, "59 s"), (59.6, "1 min"), (80, "1 min 20 s"),
        (3600, "1 h"), (7500, "2 h 5 min"), (3599.6, "1 h"),
    ],
)  # fmt: skip
def test_durations(seconds, text):
    assert duration(seconds) == text


@pytest.mark.parametrize(
    ("count", "text"),
    [
        (0, "0 bytes"), (999, "999 bytes"), (1000, "1.0 KB"), (3_400_000, "3.4 MB"),
        (16_000_000, "16 MB"), (200_000_000, "200 MB"), (2_000_000_000, "2.0 GB"),
    ],
)  # fmt: skip
def test_sizes(count, text):
    assert size(count) == text


@pytest.mark.parametrize(
    ("number", "text"),
    [(1, "1st"), (2, "2nd"), (3, "3rd"), (4, "4th"), (11, "11th"), (12, "12th"), (13, "13th"),
     (21, "21st"), (102, "102nd"), (111, "111th"), (113, "113th")],
)  # fmt: skip
def test_ordinals(number, text):
    assert ordinal(number) == text


def test_credits_and_what_is_left():
    assert (credits(0), credits(1), credits(2)) == ("0 credits", "1 credit", "2 credits")
    assert (left(0), left(12), left(None)) == ("0 left", "12 left", "no limit")


@pytest.mark.parametrize(
    ("values", "text"),
    [([], ""), (["a"], "a"), (["a", "b"], "a or b"), (["a", "b", "c"], "a, b or c")],
)
def test_choices(values, text):
    assert either(values) == text


def test_a_long_list_of_choices_is_cut():
    assert either([str(n) for n in range(10)]) == "0, 1, 2, 3, 4, 5, 6, 7 or 2 more"
    assert either([str(n) for n in range(8)]).endswith("6 or 7")
    assert together(["a", "b", "c"], most=1) == "a and 2 more"


def test_articles():
    assert (a("image"), a("video")) == ("an image", "a video")


@pytest.mark.parametrize("operation", Operation)
def test_every_operation_has_a_noun_and_a_title(operation):
    assert NOUNS[operation]
    assert TITLES[operation]


@pytest.mark.parametrize(
    ("ratio", "seconds", "text"),
    [("1280:720", 5, "1280×720 · 5 s"), ("1280:720", None, "1280×720"), (None, None, "")],
)
def test_shapes(ratio, seconds, text):
    request = GenerationRequest(Operation.IMAGE_TO_VIDEO, "m", "", 1, ratio=ratio, duration=seconds)
    assert shape(request) == text


@pytest.mark.parametrize(
    ("prompt", "name"),
    [
        ("A fox, in the SNOW!", "a-fox-in-the-snow-job1"),
        ("../../etc/passwd", "etc-passwd-job1"),
        ("狐 🦊", "image-job1"),
        ("", "image-job1"),
        ("x" * 100, "x" * MOST_NAME + "-job1"),
        ("con", "con-job1"),
    ],
)
def test_a_files_name_comes_from_the_prompt(job, prompt, name):
    request = GenerationRequest(Operation.TEXT_TO_IMAGE, "gen4_image", prompt, 8)
    assert file_name(job(request)) == name


@given(_ANY)
def test_a_files_name_is_safe_everywhere(job, prompt):
    request = GenerationRequest(Operation.VIDEO_UPSCALE, "upscale_v1", prompt, 8)
    name = file_name(job(request, owner=Member("w:1", "1")))
    assert name.endswith("-job1")
    assert set(name) <= set("abcdefghijklmnopqrstuvwxyz0123456789-")
    assert not name.startswith("-")
    assert len(name) <= MOST_NAME + 5
