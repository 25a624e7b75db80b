"""Who waits to write on SQLite is next, however soon the writer wants the turn again."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

from sqlalchemy import create_engine

from agentnet.infra.turns import another_waits, writers_turn

WAITS = """
import sys
from sqlalchemy import create_engine
from agentnet.infra.turns import writers_turn
print("ready", flush=True)
sys.stdin.readline()
with writers_turn(create_engine(sys.argv[1])):
    pass
"""
SOON = 30.0


def test_a_process_that_waits_is_next_and_is_seen_to_wait(tmp_path: Path) -> None:
    address = f"sqlite:///{tmp_path / 'agentnet.db'}"
    engine = create_engine(address)
    command = [sys.executable, "-c", WAITS, address]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdin is not None
        assert other.stdout is not None
        assert other.stdout.readline() == "ready\n"
        with writers_turn(engine):
            assert not another_waits()
            other.stdin.write("go\n")
            other.stdin.flush()
            until = time.monotonic() + SOON
            while not another_waits() and time.monotonic() < until:
                time.sleep(0.01)
            assert another_waits()
        with writers_turn(engine):  # at once: it comes after the one that waited
            assert other.wait(SOON) == 0
    assert not another_waits()
