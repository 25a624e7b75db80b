"""Every setting is in docs/settings.md, and everything named there is a setting."""

import dataclasses
import re

from agentnet.infra.config import Settings
from tests.house import sources

PAGE = sources.CHECKOUT / "docs" / "settings.md"
FOR_TESTS_ONLY = "AGENTNET_TEST_"


def _documented() -> set[str]:
    named = set(re.findall(r"\bAGENTNET_[A-Z0-9_]*[A-Z0-9]\b", PAGE.read_text(encoding="utf-8")))
    return {name.removesuffix("_FILE") for name in named if not name.startswith(FOR_TESTS_ONLY)}


def test_the_settings_page_names_the_settings_and_no_others() -> None:
    assert _documented() == {f"AGENTNET_{field.name.upper()}" for field in dataclasses.fields(Settings)}
