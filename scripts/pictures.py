"""Make every picture in docs/pictures again, from a demo network and a real browser.

    python -m scripts.pictures [--home DIR] [--only SCENE]

``--home`` is a folder with a demo in it (`agentnet demo --no-serve`); without it one is made in a scratch folder. The
walk takes payments and logs a visit, so give it a copy of a demo you care for. It is half past ten on the morning after
the demo's last day, so that pictures taken at night look like pictures of a working day.
"""

from __future__ import annotations

import logging
import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

import click
from flask import Flask
from playwright.sync_api import Browser, Page, ViewportSize, sync_playwright
from sqlalchemy import select
from werkzeug.serving import make_server

from agentnet import create_app
from agentnet.collecting.models import Bill, Collection, Household
from agentnet.core.clock import IsoWeek, business_date, frozen_everywhere_at, shanghai_instant, today
from agentnet.demo.preparing import LOADED
from agentnet.demo.sign_ins import Keys
from agentnet.infra.actor import Role
from agentnet.infra.audit import AuditLine
from agentnet.infra.config import read_settings
from agentnet.infra.db import db
from agentnet.infra.processes import run_clock_once
from agentnet.infra.transaction import reading
from agentnet.outlets.models import Outlet
from agentnet.users.models import RoleGrant
from scripts.picture_files import PICTURES, compose, keep_page, keep_picture
from tests.machines import chromium

PHONE: ViewportSize = {"width": 360, "height": 740}
DESK: ViewportSize = {"width": 1280, "height": 860}
TALLEST_PHONE = 1150
"""Pixels of a phone's page that a picture shows; what comes below is more of the same."""

HALF_PAST_TEN = timedelta(hours=10, minutes=30)


@dataclass
class Studio:
    """One running demo, one browser, and whoever sits at it."""

    app: Flask
    browser: Browser
    address: str
    passwords: dict[str, str]
    made: list[Path] = field(default_factory=list)

    @contextmanager
    def person(self, username: str, viewport: ViewportSize, locale: str = "zh-CN") -> Iterator[Page]:
        """Let someone sign in at a browser of their own; a phone's picture has twice the points."""
        context = self.browser.new_context(
            viewport=viewport,
            base_url=self.address,
            locale=locale,
            reduced_motion="reduce",
            device_scale_factor=2 if viewport is PHONE else 1,
        )
        page = context.new_page()
        page.goto("/sign-in")
        page.locator("#username").fill(username)
        page.locator("#password").fill(self.passwords[username])
        page.locator("main form button[type=submit]").click()
        page.wait_for_url(lambda address: "/sign-in" not in address)
        yield page
        context.close()

    def shoot(self, page: Page, name: str, *, tallest: int | None = None, scrolled: bool = False) -> None:
        """Keep what the page shows: a phone's from its top down to its end, a desk's as far as the screen goes.

        A ``scrolled`` page is kept as it stands on the screen.
        """
        page.wait_for_load_state("networkidle")
        if scrolled:
            self.made.append(keep_picture(page.screenshot(animations="disabled"), name))
            return
        phone = page.viewport_size == PHONE
        screen = PHONE if phone else DESK
        whole: int = page.evaluate("document.documentElement.scrollHeight")
        height = min(whole, tallest or (TALLEST_PHONE if phone else DESK["height"]))
        # A window as tall as the picture: the bar at the foot of a phone would stand in the middle of it otherwise.
        page.set_viewport_size({"width": screen["width"], "height": height})
        page.evaluate("window.scrollTo(0, 0)")
        self.made.append(keep_picture(page.screenshot(animations="disabled"), name))
        page.set_viewport_size(screen)

    def shoot_pdf(self, page: Page, address: str, name: str, *, width: int = 1000, share: float = 1) -> None:
        """Keep the first page of a PDF that this person may download; ``share`` is how much of its height."""
        answer = page.context.request.get(address)
        if not answer.ok:
            raise click.ClickException(f"{address} answered {answer.status}")
        self.made.append(keep_page(answer.body(), name, width, share))


def submit(page: Page) -> None:
    """Press the page's own button."""
    page.locator("main form button.btn-primary[type=submit]").last.click()


def households_in_debt(app: Flask, outlet_code: str, count: int) -> list[str]:
    """Return numbers of households in an outlet's township that owe a bill and have paid nothing since it came.

    Late in a month few of a village's are left.
    """
    with app.app_context(), reading():
        newest = db.session.scalar(select(Bill.bill_month).order_by(Bill.bill_month.desc()).limit(1))
        village = db.session.scalars(select(Outlet.division_code).where(Outlet.code == outlet_code)).one()
        paid_since = select(Collection.id).where(
            Collection.household_id == Bill.household_id, Collection.collected_at >= Bill.delivered_at
        )
        return list(
            db.session.scalars(
                select(Household.household_no)
                .join(Bill, Bill.household_id == Household.id)
                .where(
                    Bill.bill_month == newest,
                    Bill.principal_fen > 10_000,
                    Household.division_code.startswith(village[:9]),
                    ~paid_since.exists(),
                )
                .order_by(Household.household_no)
                .limit(count)
            )
        )


def keeper(studio: Studio) -> None:
    """A morning's payments: one cancelled, one caught in a lost signal."""
    first, second, *more, last = households_in_debt(studio.app, outlet_of_the_keeper(studio.app), 6)
    with studio.person("agent", PHONE) as page:
        take(page, first, studio=studio)
        studio.shoot(page, "keeper-4-receipt")
        receipt = page.url
        take(page, second)
        page.get_by_role("link", name="撤销").click()
        page.locator("#reason").fill("户号输错，钱已当面退还客户")
        studio.shoot(page, "keeper-7-void")
        submit(page)
        for household_no in more:
            take(page, household_no)
        page.goto("/collect")
        studio.shoot(page, "keeper-1-start")
        page.goto("/collect/today")
        studio.shoot(page, "keeper-6-today")
        page.context.route("**/record", lambda route: route.abort())
        page.context.route("**/status/**", lambda route: route.abort())
        take(page, last, lost=True)
        page.locator("[data-lost]").wait_for()
        studio.shoot(page, "keeper-5-lost-signal")
        studio.shoot_pdf(page, f"{receipt}.pdf?paper=slip58", "paper-receipt-slip", width=420)


def take(
    page: Page,
    household_no: str,
    *,
    lost: bool = False,
    studio: Studio | None = None,
) -> None:
    """Take what a household owes, as far as the receipt; with a studio, keep the screens on the way."""
    page.goto(f"/collect/{household_no}")
    due_fen = int(page.locator("[data-take]").get_attribute("data-due") or 0)
    page.locator("#cash_received").fill(str(-(-due_fen // 10_000) * 100))  # in hundreds, as people pay
    if studio:
        studio.shoot(page, "keeper-2-household", tallest=1430)
    submit(page)
    page.locator("[data-record]").wait_for()
    if studio:
        studio.shoot(page, "keeper-3-confirm")
    submit(page)
    if not lost:
        page.wait_for_url("**/receipts/**")


def outlet_of_the_keeper(app: Flask) -> str:
    """Return the code of the outlet whose keeper has a sign-in."""
    with app.app_context(), reading():
        statement = (
            select(Outlet.code).join(RoleGrant, RoleGrant.outlet_id == Outlet.id).where(RoleGrant.role == Role.AGENT)
        )
        return db.session.scalars(statement).one()


@contextmanager
def on_monday(app: Flask) -> Iterator[None]:
    """Let a new week begin: whatever day the demo ended on, there is something due."""
    with frozen_everywhere_at(shanghai_instant(IsoWeek.of(today()).ends_on) + HALF_PAST_TEN):
        run_clock_once(app)
        yield


def manager(studio: Studio) -> None:
    """A week's list, a visit being logged, and the same visit once it is."""
    with on_monday(studio.app), studio.person("manager", PHONE) as page:
        page.goto("/duties")
        studio.shoot(page, "manager-1-duties")
        page.locator(".duty a.btn-primary").first.click()
        page.locator("input[name=item_5][value=FAIL]").check()
        page.locator("input[name=item_5_remark]").fill("公示牌被广告遮住，已请代办员清理")
        studio.shoot(page, "manager-2-visit", scrolled=True)
        page.locator("button[name=rest]").click()
        submit(page)
        page.wait_for_url("**/visits/*-*")
        studio.shoot(page, "manager-3-done")


def supervisor(studio: Studio) -> None:
    """What is stuck, who missed what, one outlet's story, and the list of documents."""
    with studio.person("supervisor", DESK) as page:
        page.goto("/")
        studio.shoot(page, "supervisor-1-home")
        compliance_of_last_week(page)
        studio.shoot(page, "supervisor-2-compliance")
        page.goto(f"/outlets/{outlet_of_the_keeper(studio.app)}")
        studio.shoot(page, "supervisor-3-outlet")
        page.goto("/documents?kind=DUTY_MANAGER_WEEK")
        studio.shoot(page, "supervisor-4-documents")


def compliance_of_last_week(page: Page) -> str | None:
    """Show last week's managers, the one with the most missed visits first; return the week."""
    page.goto("/compliance")
    last_week = page.locator("#week option").nth(1).get_attribute("value")
    page.goto(f"/compliance?by=manager&span=1&week={last_week}&sort=rate")
    return last_week


def papers(studio: Studio) -> None:
    """The documents themselves, as the supervisor downloads them."""
    with studio.person("supervisor", DESK) as page:
        last_week = compliance_of_last_week(page)
        worst = page.locator("main tbody th .soft").first.inner_text()
        outlet = outlet_of_the_keeper(studio.app)
        wanted_papers = {
            f"kind=COMMISSION_STATEMENT&q={outlet}": "paper-statement",
            "kind=COMMISSION_SUMMARY": "paper-summary",
            f"kind=DUTY_MANAGER_WEEK&q={worst}&period={last_week}": "paper-duty-report",
        }
        for wanted, name in wanted_papers.items():
            page.goto(f"/documents?state=DONE&language=zh&{wanted}")
            address = page.locator("main tbody a[download]").last.get_attribute("href")
            studio.shoot_pdf(page, address or "", name)


def office(studio: Studio) -> None:
    """Finance, partner, auditor, administrator: the page each works on most."""
    with studio.person("finance", DESK) as page:
        page.goto("/closing")
        studio.shoot(page, "finance-1-month-end")
        page.goto("/commission")
        studio.shoot(page, "finance-2-commission")
    with studio.person("partner", DESK) as page:
        studio.shoot(page, "partner-1-home")
    run_clock_once(studio.app)  # seals what this morning's people did
    with studio.person("auditor", DESK) as page:
        page.goto("/audit")
        page.locator("#kind").select_option(label="收费")
        page.locator("main form.filters button[type=submit]").click()
        studio.shoot(page, "auditor-1-audit")
    with studio.person("administrator", DESK) as page:
        page.goto("/people")
        studio.shoot(page, "administrator-1-people")
        page.goto("/imports")
        page.locator("#kind").select_option("partners")
        broken = "编号,名称,类型\nCHAIN,东海连锁,连锁商户\nBANK,,银行\n"
        page.locator("input[type=file]").set_input_files(
            {"name": "partners.csv", "mimeType": "text/csv", "buffer": broken.encode()}
        )
        submit(page)
        studio.shoot(page, "administrator-2-import")


def front(studio: Studio) -> None:
    """Put three of them side by side for the README."""
    studio.made.append(compose(("keeper-1-start", "supervisor-1-home", "paper-statement"), "overview"))


SCENES: tuple[Callable[[Studio], None], ...] = (keeper, supervisor, papers, office, manager, front)
"""The manager comes after the others: it is Monday then."""


@contextmanager
def served(home: Path) -> Iterator[tuple[Flask, str]]:
    """Serve a demo at half past ten on the morning after its last day."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)  # its lines are not what one waits for
    app = create_app(read_settings({"AGENTNET_HOME": str(home)}))
    with app.app_context(), reading():
        loaded = db.session.scalar(select(AuditLine.after).where(AuditLine.action == LOADED))
    if loaded is None:
        raise click.ClickException(f"There is no demo in {home}; make one with agentnet demo --no-serve")
    while run_clock_once(app)["seal audit"]:
        pass  # until the trail is sealed, as by the clock that runs beside a real server
    morning_after = business_date(datetime.fromisoformat(loaded["ends_at"])) + timedelta(days=1)
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        with frozen_everywhere_at(shanghai_instant(morning_after) + HALF_PAST_TEN):
            yield app, f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()


@click.command()
@click.option("--home", type=click.Path(path_type=Path, exists=True, file_okay=False), help="A folder with a demo.")
@click.option("--only", type=click.Choice([scene.__name__ for scene in SCENES]), help="Make one scene's pictures.")
def main(home: Path | None, only: str | None) -> None:
    """Make the pictures of the role pages again."""
    with tempfile.TemporaryDirectory() as scratch:
        if home is None:
            home = Path(scratch)
            own = {**os.environ, "AGENTNET_HOME": scratch}
            subprocess.run([sys.executable, "-m", "agentnet", "demo", "--no-serve"], env=own, check=True)
        with served(home) as (app, address), sync_playwright() as driver:
            browser = driver.chromium.launch(executable_path=chromium.executable(), args=chromium.launch_args())
            studio = Studio(app, browser, address, dict(Keys(home).passwords))
            for scene in SCENES:
                if only in (None, scene.__name__):
                    scene(studio)
            browser.close()
    for path in studio.made:
        click.echo(f"{path.relative_to(PICTURES.parents[1])}  {path.stat().st_size // 1000} kB")


if __name__ == "__main__":
    main()
