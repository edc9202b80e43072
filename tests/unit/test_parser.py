"""What a person typed, taken apart."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot import errors
from bot.catalog import Catalog
from bot.commands.parser import Parsed, parse_arguments, split_command
from bot.commands.specification import COMMANDS, command, options_for


@pytest.fixture(scope="session")
def parse(shipped: Catalog):
    """A whole text, parsed as every platform does it."""

    def run(text: str) -> Parsed:
        spec, rest = split_command(text)
        return parse_arguments(spec, rest, options_for(spec, shipped))

    return run


@pytest.mark.parametrize(
    "text",
    [
        "/imagine a fox --ratio 16:9",
        "/imagine a fox --ratio=16:9",
        "/imagine a fox --ratio = 16:9",
        "/imagine a fox --ratio:16:9",
        "/imagine a fox --ratio: 16:9",
        '/imagine a fox --ratio "16:9"',
        "/imagine a fox --ratio “16:9”",
        "/imagine a fox —ratio 16:9",
        "/imagine a fox –ratio 16:9",
        "/imagine a fox --ratio „16:9“",
        "/imagine a fox --ratio ”16:9”",
        "/imagine a fox --ratio « 16:9 »",
        "/imagine a fox --ratio ‘16:9’",
        "/imagine a fox --ratio ‚16:9‘",
        "/imagine a fox --ratio '16:9'",
        "/imagine a fox --RATIO 16:9",
        "/imagine --ratio 16:9 a fox",
        "/imagine a --ratio 16:9 fox",
        "/imagine a fox\n--ratio\t16:9",
        "imagine a fox --ratio 16:9",
        "/IMAGINE a fox --ratio 16:9",
        "  /imagine a fox --ratio 16:9  ",
        "/ imagine a fox --ratio 16:9",
        "/imagine\na fox --ratio 16:9",
    ],
)
def test_an_option_is_taken_out_of_the_prompt_wherever_and_however_it_stands(parse, text):
    parsed = parse(text)
    assert parsed.spec.name == "imagine"
    assert parsed.arguments["prompt"].split() == ["a", "fox"]
    assert parsed.options == {"ratio": "16:9"}


def test_an_option_leaves_no_gap_in_the_prompt(parse):
    parsed = parse("/imagine a fox --ratio 16:9  in snow --seed=5\nat --model gen4_image dusk")
    assert parsed.arguments["prompt"] == "a fox in snow \nat dusk"
    assert parsed.options == {"ratio": "16:9", "seed": "5", "model": "gen4_image"}


def test_several_options_are_all_taken(parse):
    parsed = parse("/imagine --model gen4_image a fox --ratio square --seed=7 in the snow")
    assert parsed.arguments["prompt"].split() == ["a", "fox", "in", "the", "snow"]
    assert parsed.options == {"model": "gen4_image", "ratio": "square", "seed": "7"}


def test_a_quoted_value_may_hold_spaces(parse):
    assert parse('/imagine a fox --model "gen4 image"').options == {"model": "gen4 image"}


@pytest.mark.parametrize(
    "prompt",
    [
        "it's the fox's den",
        'a sign that says "open"',
        "a fox - in the snow",
        "a fox -- in the snow",
        "a fox — in the snow",
        "a fox – in the snow",
        "a fox—in the snow",
        "the years 1920–1930",
        "„Nein“, said the fox's ‘friend’",
        "a well-known fox, semi--wild",
        "50% of 3 < 4 & 5 > 2; $(rm) `x` \\n",
        "лиса 狐狸 🦊👩‍👩‍👧 e\u0301 \u202e\u200b",
        "-5 degrees",
    ],
)
def test_a_prompt_is_taken_as_it_is(parse, prompt):
    assert parse(f"/imagine {prompt}") == Parsed(command("imagine"), {"prompt": prompt}, {})


def test_a_negative_number_is_a_value_and_not_an_option(parse):
    assert parse("/imagine a fox --seed -5").options == {"seed": "-5"}


def test_an_unknown_option_names_the_known_ones(parse):
    with pytest.raises(errors.UnknownOption) as refused:
        parse("/imagine a fox --colour red")
    assert (refused.value.command, refused.value.name) == ("imagine", "colour")
    assert set(refused.value.known) == {"model", "ratio", "seed", "ref"}


def test_a_command_without_options_takes_none(parse):
    with pytest.raises(errors.UnknownOption) as refused:
        parse("/credits --ratio 16:9")
    assert refused.value.known == []


def test_an_option_twice_is_refused(parse):
    with pytest.raises(errors.RepeatedOption) as refused:
        parse("/imagine a fox --ratio 16:9 —ratio 1:1")
    assert refused.value.name == "ratio"


@pytest.mark.parametrize(
    "end", ["--ratio", "--ratio=", '--ratio ""', "--ratio --seed 5", '--ratio "16:9', "—ratio"]
)
def test_an_option_without_a_value_is_refused_with_its_choices(parse, end):
    with pytest.raises(errors.MissingValue) as refused:
        parse(f"/imagine a fox {end}")
    assert refused.value.option == "ratio"
    assert "16:9" in refused.value.choices


@pytest.mark.parametrize(
    ("text", "arguments"),
    [
        ("/quota set ben 200", {"who": "ben", "credits": "200"}),
        ("/quota set ben 200 week", {"who": "ben", "credits": "200", "period": "week"}),
        ("/QUOTA Set default unlimited", {"who": "default", "credits": "unlimited"}),
        ("/quota  set   ben    200\tday", {"who": "ben", "credits": "200", "period": "day"}),
        ("/quota set ben\u00a0200", {"who": "ben", "credits": "200"}),
        ("/quota show", {}),
        ("/quota show ben", {"who": "ben"}),
        ("/cancel 4f7x", {"job": "4f7x"}),
        ("/credits", {}),
    ],
)
def test_positional_arguments(parse, text, arguments):
    assert parse(text).arguments == arguments


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("/quota set ben 5 --why the big campaign", "the big campaign"),
        ('/quota set ben 5 day --why "a reason -- with hyphens"', "a reason -- with hyphens"),
        ("/quota set ben 5 —why=it --ends here", "it --ends here"),
        ("/quota set ben 5 –why „for the girls'“", "for the girls'"),
        ("/quota set ben 5", None),
    ],
)
def test_a_reason_takes_all_that_is_left(parse, text, why):
    parsed = parse(text)
    assert parsed.options.get("why") == why
    assert (parsed.arguments["who"], parsed.arguments["credits"]) == ("ben", "5")


def test_an_empty_reason_is_refused(parse):
    with pytest.raises(errors.MissingValue):
        parse("/quota set ben 5 --why")


@pytest.mark.parametrize(("text", "missing"), [("/quota set", "who"), ("/quota set b", "credits")])
def test_a_missing_argument_shows_the_usage(parse, text, missing):
    with pytest.raises(errors.MissingArgument) as refused:
        parse(text)
    assert refused.value.name == missing
    assert refused.value.usage == "/quota set <who> <credits> [period] [--why …]"


@pytest.mark.parametrize(
    ("text", "extra"),
    [
        ("/credits now", "now"),
        ("/quota set ben 200 week please", "please"),
        ("/upscale it", "it"),
        ("/cancel 4f7x 4f7y", "4f7y"),
    ],
)
def test_text_that_a_command_does_not_take_is_refused(parse, text, extra):
    with pytest.raises(errors.UnexpectedText) as refused:
        parse(text)
    assert refused.value.text == extra


@pytest.mark.parametrize(
    ("text", "similar"),
    [
        ("/imagin a fox", ["imagine"]),
        ("/anmate", ["animate"]),
        ("/UPSCAL", ["upscale"]),
        ("/quota", ["quota show", "quota set"]),
        ("/quota sett ben 5", ["quota set"]),
        ("/xyzzy", []),
        ("hello there", ["help"]),
        ("", []),
        ("   ", []),
        ("/", []),
        ("//imagine a fox", ["imagine"]),
    ],
)
def test_an_unknown_command_suggests_what_was_meant(text, similar):
    with pytest.raises(errors.UnknownCommand) as refused:
        split_command(text)
    assert refused.value.slash is text.startswith("/")
    assert list(refused.value.similar)[: len(similar)] == similar
    assert bool(refused.value.similar) == bool(similar)


@pytest.mark.parametrize("spec", COMMANDS, ids=lambda spec: spec.name)
def test_every_command_is_found_by_its_name(spec):
    assert split_command(f"/{spec.name}") == (spec, "")
    assert split_command(f"{spec.name.upper()} more words") == (spec, "more words")


_ANY = st.text(st.characters(exclude_categories=()))
_PIECES = st.one_of(
    st.sampled_from(
        [
            "/",
            "imagine",
            "quota",
            "set",
            "--",
            "—",
            "–",
            "ratio",
            "=",
            *"\"“”„«»‘’'",
            "16:9",
            "model",
        ]
    ),
    st.sampled_from([" ", "  ", "\n", "\u00a0", "\u2003", "\x1c", "\x00", "\ud800", "\U0001f98a"]),
    _ANY,
)


@given(st.one_of(_ANY, st.lists(_PIECES).map("".join)))
def test_whatever_is_typed_is_parsed_or_refused(parse, text):
    try:
        parsed = parse(text)
    except errors.Refused:
        return
    assert parsed.spec in COMMANDS
    assert all(value and isinstance(value, str) for value in parsed.options.values())
    assert set(parsed.arguments) <= {argument.name for argument in parsed.spec.arguments}


@given(st.lists(st.text(st.characters(exclude_categories=["Z", "C"], exclude_characters="-—–"))))
def test_no_word_of_a_prompt_is_lost(parse, words):
    prompt = " ".join(words)
    assert parse(f"/imagine {prompt}").arguments.get("prompt", "") == prompt.strip()
