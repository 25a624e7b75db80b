"""One commit, in one place: only the two doors of `agentnet/infra/transaction.py` end a transaction."""

from tests.house import sources

DOORS = sources.CHECKOUT / "agentnet" / "infra" / "transaction.py"
ENDINGS = {"commit", "rollback"}


def test_only_the_doors_commit_or_roll_back() -> None:
    elsewhere = [
        sources.place(path, call)
        for path in sources.files("agentnet", "reports")
        if path != DOORS
        for call in sources.calls(path)
        if sources.called_name(call) in ENDINGS
    ]
    assert elsewhere == []


def test_the_doors_do_commit_and_roll_back() -> None:
    assert {sources.called_name(call) for call in sources.calls(DOORS)} >= ENDINGS
