"""A password is checked as slowly for a stranger as for somebody known."""

from __future__ import annotations

import argon2
import pytest

from agentnet.users import passwords
from agentnet.users.passwords import hash_password, password_matches


def test_a_password_matches_its_own_hash_alone() -> None:
    stored = hash_password("Rice-paddy-7")
    assert password_matches(stored, "Rice-paddy-7")
    assert not password_matches(stored, "rice-paddy-7")


def test_nobody_has_the_password_of_a_person_who_does_not_exist() -> None:
    assert not password_matches(None, "")
    assert not password_matches(None, "Rice-paddy-7")


def test_a_person_who_does_not_exist_is_checked_against_a_whole_hash_that_costs_as_much_as_any() -> None:
    parameters = argon2.extract_parameters
    assert parameters(passwords._NOBODY) == parameters(hash_password("Rice-paddy-7"))
    with pytest.raises(argon2.exceptions.VerifyMismatchError):
        passwords._hasher.verify(passwords._NOBODY, "Rice-paddy-7")
