"""A file past 400 lines hides a second feature."""

from tests.house import sources

LONGEST = 400


def test_no_file_is_longer_than_a_reader_can_hold() -> None:
    every_file = [*sources.files("agentnet", "reports", "tests"), *(sources.CHECKOUT / "agentnet").rglob("*.html")]
    long = {
        str(path.relative_to(sources.CHECKOUT)): lines
        for path in every_file
        if (lines := len(path.read_text(encoding="utf-8").splitlines())) > LONGEST
    }
    assert long == {}
