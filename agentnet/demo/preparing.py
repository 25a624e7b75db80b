"""Bring a database to the end of the demo's history, from nothing or from wherever an earlier run stopped.

Two audit lines mark the way: ``demo_loaded`` carries the instant all of it ends at, so that a run that is carried on
tomorrow still means the same days; ``demo_finished`` says that nothing is left to post. From then on only the ordinary
clock moves the network on.
"""

from __future__ import annotations

import gc
import time
from datetime import datetime

from flask import Flask
from sqlalchemy import select

from agentnet.core.clock import frozen_at, now, shanghai_instant
from agentnet.core.errors import Conflict
from agentnet.demo.haste import in_haste
from agentnet.demo.history import Watch, play_counters
from agentnet.demo.loading import load_agreements, load_register
from agentnet.demo.office import Office, office_beside, tick
from agentnet.demo.paying import play_payout
from agentnet.demo.plans import agree_plans
from agentnet.demo.printing import add_mappings, schedule_books, some_of_each_kind
from agentnet.demo.reconciling import reconcile_week
from agentnet.demo.remedying import put_differences_right
from agentnet.demo.sign_ins import AGENT, Keys, add_sign_ins, replace_passwords
from agentnet.demo.timeline import Timeline
from agentnet.demo.visiting import Duties
from agentnet.demo.world import People, World, invent, invent_people
from agentnet.divisions.models import OrgUnit
from agentnet.documents.worker import draw_some
from agentnet.infra.actor import SYSTEM
from agentnet.infra.audit import AuditLine, write_audit
from agentnet.infra.db import db
from agentnet.infra.processes import drain
from agentnet.infra.transaction import batch, reading
from agentnet.ledger.jobs import ROLL_UP
from agentnet.users.models import User

LOADED, FINISHED = "demo_loaded", "demo_finished"


def prepare(app: Flask, keys: Keys, watch: Watch, *, print_all: bool) -> bool:
    """Do whatever is left to do; return whether anything was. The schema must be the newest.

    Whoever is to serve need not wait for every document: without ``print_all`` some of each kind are drawn, and the
    worker that is served with them draws the others.

    Raises:
        Conflict: ``not_the_demo`` if the database holds another network.
    """
    with app.app_context(), reading():
        ends_at, finished = _marks()
        strange = ends_at is None and db.session.scalar(select(OrgUnit.id).limit(1)) is not None
    if strange:
        raise Conflict("not_the_demo", "这个数据库里已有别的网络，演示请另设 AGENTNET_HOME 或 AGENTNET_DATABASE_URL")
    if finished:
        if keys.made:
            hashes = keys.hashes()
            with app.app_context(), batch():
                replace_passwords(hashes)
        tick(app)
        if print_all:
            drain(app)
    else:
        with app.app_context():
            engine = db.engine
        with in_haste(engine):
            _make(app, keys, ends_at, watch, print_all=print_all)
    return not finished


def _marks() -> tuple[datetime | None, bool]:
    """Return the instant the history ends at, and whether it is finished."""
    loaded = db.session.scalar(select(AuditLine.after).where(AuditLine.action == LOADED))
    finished = db.session.scalar(select(AuditLine.id).where(AuditLine.action == FINISHED))
    return (datetime.fromisoformat(loaded["ends_at"]) if loaded else None), finished is not None


def _make(app: Flask, keys: Keys, ends_at: datetime | None, watch: Watch, *, print_all: bool) -> None:
    watch("network", 0, 1)
    timeline = Timeline.ending(ends_at or now())
    with office_beside(app.extensions["agentnet"], timeline.whole_months[-1], now()) as office:
        office.seal()  # it opens while the people are invented
        people = invent_people(timeline)
        with app.app_context():
            if ends_at is None:
                load_people(people)
            office.visit(Duties.of(people))
            world = invent(people)
            gc.freeze()  # a million small values that stay to the end need not be walked again and again
            agent_id = open_counters(world, keys)
            watch("network", 1, 1)
            play_counters(world, agent_id, watch, office)
            with batch():
                add_mappings()
        watch("documents", 0, 1)
        if not print_all:
            office.stop_drawing()
        with app.app_context():
            reconcile_week(timeline)
            _draw_while(office)  # two clocks would share the work of closing the month, and wait for each other
            office.tick(but=ROLL_UP.name)
            tick(app, only=ROLL_UP.name)
            play_payout(timeline)
            put_differences_right()
            _draw_while(office)
            with batch():
                schedule_books(people.units, now())
            tick(app)
            if print_all:
                office.draw()
                drain(app)
            else:
                draw_some(only=some_of_each_kind())
    watch("documents", 1, 1)
    with app.app_context(), batch():
        write_audit(SYSTEM, FINISHED, "demo", "demo")


def _draw_while(office: Office) -> None:
    """Draw what is planned until the office has done all that it was given."""
    while office.busy:
        if not draw_some():
            time.sleep(0.05)


def load_people(people: People) -> None:
    """Load the register in one transaction, marked so that it is done once."""
    ends_at = now()
    with frozen_at(shanghai_instant(people.timeline.first_on)), batch():
        load_register(people)
        counts = {
            "outlets": len(people.outlets),
            "managers": len(people.staff.managers),
            "households": len(people.households),
        }
        write_audit(SYSTEM, LOADED, "demo", "demo", after={"ends_at": ends_at.isoformat(), **counts})


def open_counters(world: World, keys: Keys) -> int:
    """Agree on plans and with the outlets and add the sign-ins, unless it was done; return the agent's id."""
    agents_id = select(User.id).where(User.username == AGENT)
    with reading():
        there = db.session.scalar(agents_id)
    if there is not None:
        return there
    hashes, first_on = keys.hashes(), world.people.timeline.first_on
    with frozen_at(shanghai_instant(first_on)), batch():
        load_agreements(world, agree_plans(world.people.timeline))
        add_sign_ins(world.people, hashes, first_on)
        return db.session.scalars(agents_id).one()
