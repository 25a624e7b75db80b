"""What an address may hold: numbers that fit a key, and no character that no database takes."""

import pytest


@pytest.mark.parametrize("number", ["9" * 18, "9" * 19, "9" * 30, "9" * 5000, "-1", "%D9%A3"])
def test_a_number_beyond_every_key_names_nothing(app, sign_in, number: str) -> None:
    assert sign_in("adam").get(f"/people/{number}").status_code == 404
    assert sign_in("carol").get(f"/needs/{number}").status_code == 404
    assert sign_in("carol").post(f"/documents/schedules/{number}/switch").status_code == 404


@pytest.mark.parametrize(
    "address", ["/outlets/WL%000001", "/managers/M001%00", "/receipt/a.b%00", "/verify/%00", "/%00"]
)
def test_a_name_with_nul_names_nothing(app, sign_in, address: str) -> None:
    assert sign_in("carol").get(address).status_code == 404
