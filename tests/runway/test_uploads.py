"""An upload is used again while Runway has it, and never when it may be the trouble."""

from bot.runway.uploads import LIFETIME_SECONDS, MOST_REMEMBERED, Uploads


class Watch:
    def __init__(self) -> None:
        self.seconds = 100.0

    def __call__(self) -> float:
        return self.seconds


def test_an_upload_is_known_until_shortly_before_runway_forgets_it() -> None:
    watch = Watch()
    uploads = Uploads(watch)
    assert uploads.find("a") is None
    uploads.remember("a", "runway://1")
    assert uploads.find("a") == "runway://1"
    watch.seconds += LIFETIME_SECONDS - 1
    assert uploads.find("a") == "runway://1"
    watch.seconds += 1
    assert uploads.find("a") is None
    assert LIFETIME_SECONDS < 24 * 3600


def test_what_runway_refused_is_uploaded_anew() -> None:
    uploads = Uploads()
    uploads.remember("a", "runway://1")
    uploads.remember("b", "runway://2")
    uploads.forget(["runway://1", "data:image/png;base64,"])
    assert uploads.find("a") is None
    assert uploads.find("b") == "runway://2"


def test_what_has_no_hash_is_not_mixed_up() -> None:
    uploads = Uploads()
    uploads.remember("", "runway://1")
    assert uploads.find("") is None


def test_only_the_latest_are_remembered() -> None:
    uploads = Uploads()
    for number in range(MOST_REMEMBERED + 1):
        uploads.remember(str(number), f"runway://{number}")
    assert uploads.find("0") is None
    assert uploads.find("1") == "runway://1"
