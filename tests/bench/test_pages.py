"""The pages bench, made short: it measures every page, keeps its database for the day, and a refused page stops it."""

import pytest

from agentnet import create_app
from agentnet.bench import crowd_home, pages
from agentnet.bench.crowd_home import Size, crowded
from agentnet.bench.posting_http import web
from agentnet.bench.posting_world import close
from agentnet.infra.db import db
from tests.conftest import settings_for

SMALL = Size(outlets=12, collections=400, weeks=3, months=2)


@pytest.fixture
def short(monkeypatch, tmp_path):
    """The bench with a small crowd and little patience."""
    monkeypatch.setattr(pages, "SECONDS", 0.1)
    monkeypatch.setattr(pages, "ROUNDS", 1)
    return settings_for(tmp_path)


def test_every_page_is_measured_against_hello(short, capsys):
    found = pages.run(short, json=True, size=SMALL)
    assert [one["page"] for one in found["results"]] == [path for path, _who in pages.PAGES]
    assert all(0 < one["ratio"] < 1 and one["ours"] > 0 for one in found["results"])
    assert found["ratio"] == min(one["ratio"] for one in found["results"])
    assert capsys.readouterr().out.startswith("{")


def test_the_crowd_is_filled_once_a_day(short, monkeypatch):
    first = crowded(short, SMALL)
    filled = (first.home / "agentnet.db").stat().st_mtime_ns
    assert crowded(short, SMALL) == first
    assert (first.home / "agentnet.db").stat().st_mtime_ns == filled
    monkeypatch.setattr(crowd_home, "_mark", lambda: "other")
    assert crowded(short, SMALL) != first
    assert not first.home.exists()


def test_the_crowd_breaks_no_rule_of_the_database(short):
    app = create_app(crowded(short, SMALL))
    with app.app_context(), db.engine.connect() as connection:
        assert connection.exec_driver_sql("PRAGMA foreign_key_check").all() == []
        assert connection.exec_driver_sql("PRAGMA integrity_check").scalar() == "ok"
        assert connection.exec_driver_sql("SELECT count(*) FROM collections").scalar() == 400
    close(app)


def test_a_refused_page_stops_the_bench(short):
    filled = crowded(short, SMALL)
    with web(filled) as port, pytest.raises(pages.WrongPage, match="303"):
        pages._measured(pages.Address(port, "/outlets"), pages.Address(port, "/"))
