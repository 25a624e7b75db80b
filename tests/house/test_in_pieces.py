"""What is fetched in pieces has a transaction for its cursor: only `infra.bulk.in_pieces` asks for pieces."""

from tests.house import sources

ASKS = sources.CHECKOUT / "agentnet" / "infra" / "bulk.py"
OWN_CONNECTION = sources.CHECKOUT / "agentnet" / "verify"


def test_only_in_pieces_asks_for_pieces() -> None:
    asking = [
        (path, call)
        for path in sources.files("agentnet", "reports")
        if not path.is_relative_to(OWN_CONNECTION)
        for call in sources.calls(path)
        if "yield_per" in {sources.called_name(call), *(given.arg for given in call.keywords)}
    ]
    assert [sources.place(path, call) for path, call in asking if path != ASKS] == []
    assert asking
