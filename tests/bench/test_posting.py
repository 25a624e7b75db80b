"""The posting bench, made short: its limit leaves the same book as the product, and a wrong book stops it."""

import pytest
from sqlalchemy import update

from agentnet import create_app
from agentnet.bench import posting, posting_world
from agentnet.bench.posting_replay import captured, pgbench, replay_on_sqlite, run_pgbench, script_of
from agentnet.infra.db import db
from agentnet.infra.transaction import batch
from agentnet.ledger.models import Balance
from tests.conftest import settings_for
from tests.machines import postgres


@pytest.fixture
def short(monkeypatch, tmp_path):
    """The bench with few postings, and settings on SQLite."""
    for name, value in {"SINGLES": 4, "BATCHES": 2, "BATCH_SIZE": 5, "ROUNDS": 1}.items():
        monkeypatch.setattr(posting, name, value)
    monkeypatch.setattr(posting_world, "HOUSEHOLDS", 100)
    return settings_for(tmp_path)


def test_the_bench_reports_ours_limit_peer_and_ratio(short, capsys):
    found = posting.run(short, json=True)
    assert [result["shape"] for result in found["results"]] == ["one at a time", "batches of 5"]
    for result in found["results"]:
        assert min(result[key] for key in ("ours", "limit", "peer")) > 0
        assert "bare driver" in result["limit_is"]
    assert found["ratio"] == found["results"][0]["ratio"]
    assert capsys.readouterr().out.startswith("{")


def test_the_bare_driver_replays_the_posting_to_the_same_book(short, tmp_path):
    with posting_world.scratch(short, None) as filled:
        template = filled.home / "agentnet.db"
        transactions = posting._captured_on_copy(filled, template, lambda: posting._post(1, 4))
        assert len(transactions) == 4
        copy = posting._copy(filled, template)
        replay_on_sqlite(filled.home / "copy.db", transactions)
        app = create_app(copy)
        with app.app_context():
            posting._require_sum(4)
            with pytest.raises(posting.WrongBook):
                posting._require_sum(5)
        posting_world.close(app)


def test_a_book_that_lost_a_fen_stops_the_bench(short):
    with posting_world.scratch(short, None) as filled:
        app = create_app(filled)
        with app.app_context():
            posting._post(1, 2)
            with batch() as session:
                session.execute(update(Balance).where(Balance.balance_fen > 0).values(balance_fen=1))
            with pytest.raises(posting.WrongBook):
                posting._require_sum(2)
        posting_world.close(app)


def test_pgbench_runs_the_captured_posting(short, monkeypatch, tmp_path):
    monkeypatch.setattr("agentnet.bench.posting_replay.PGBENCH_SECONDS", 1)
    program = pgbench()
    assert program is not None
    with posting_world.scratch(short, postgres.server()) as filled:
        app = create_app(filled)
        with app.app_context():
            posting._post(1, 7)
            with captured(db.engine) as statements:
                posting._post(1, 1, 7)
            script = tmp_path / "posting.sql"
            script.write_text(posting._script(statements, 7))
        posting_world.close(app)
        assert run_pgbench(program, filled.database_url, script) > 0


def test_a_script_that_fails_says_so(short, tmp_path):
    script = tmp_path / "wrong.sql"
    script.write_text("SELECT 1 / 0;\n")
    program = pgbench()
    with pytest.raises(RuntimeError, match="pgbench"):
        run_pgbench(program, postgres.server(), script)


def test_a_script_replaces_what_differs_between_postings():
    one = posting_world.collection(3)
    sql = "INSERT INTO t VALUES (%(id)s::UUID, %(no)s, %(household)s, %(outlet)s, %(text)s, %(flag)s, %(none)s)"
    values = {
        "id": one.id,
        "no": one.household_no,
        "household": posting_world.FIRST_HOUSEHOLD + 3,
        "outlet": posting_world.FIRST_OUTLET,
        "text": "it's",
        "flag": True,
        "none": None,
    }
    script = script_of([(sql, values, False)], one.id, 3, "R-1")
    assert "md5(:k::text)::uuid" in script
    assert "lpad(:n::text" in script
    assert "(1000001 + :n), (700001 + :client_id), 'it''s', true, NULL);" in script
    assert script.rstrip().endswith("COMMIT;")
    positional = script_of(
        [("INSERT INTO t VALUES (%s::UUID, %s)", [(one.id, 5), (one.id, 6)], True)], one.id, 3, "R-1"
    )
    assert "(md5(:k::text)::uuid::UUID, 5);" in positional
    assert "(md5(:k::text)::uuid::UUID, 6);" in positional
