"""Lists by cursor: whole, in order, without repeats, on both databases' idea of NULL, and deaf to junk."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Select, String, create_engine, insert, select
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, aliased, mapped_column

from agentnet.infra.db import UtcDateTime
from agentnet.infra.pages import (
    InMemory,
    Page,
    SortBy,
    Sorting,
    chosen,
    page_of,
    page_of_rows,
    sorting_from,
    typed_day,
    typed_text,
)
from tests.machines import postgres


class Base(DeclarativeBase):
    pass


class Keeper(Base):
    __tablename__ = "keepers"

    booth_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    name: Mapped[str] = mapped_column(String(20))


class Booth(Base):
    __tablename__ = "booths"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(20))
    last_paid_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    @property
    def sign(self) -> str:
        """Return what stands above the door."""
        return f"{self.id}: {self.name}"


MORNING = datetime(2026, 11, 3, 1, 0, tzinfo=UTC)
COLUMNS = {
    "name": SortBy(Booth.name),
    "number": SortBy(Booth.id, int),
    "last_paid": SortBy(Booth.last_paid_at, datetime, nullable=True),
}
KEY = SortBy(Booth.id, int)


def _rows() -> list[dict[str, object]]:
    def paid(number: int) -> datetime | None:
        return None if number % 3 == 0 else MORNING + timedelta(hours=number % 5)

    return [{"id": n, "name": f"booth {n % 4}", "last_paid_at": paid(n)} for n in range(1, 24)]


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def session(request: pytest.FixtureRequest) -> Iterator[Session]:
    on_postgresql = request.param == "postgresql"
    url = postgres.fresh_database(postgres.server()) if on_postgresql else "sqlite://"
    engine = create_engine(url)
    with engine.begin() as connection:
        Base.metadata.create_all(connection)
        connection.execute(insert(Booth), _rows())
        connection.execute(insert(Keeper), [{"booth_id": 2, "name": "Zhou"}])
    with Session(engine) as session:
        yield session
    engine.dispose()
    if on_postgresql:
        postgres.drop_database(url)


def read(session: Session, size: int = 5, **arguments: str) -> Page[Booth]:
    return page_of(session, select(Booth), arguments, columns=COLUMNS, default="name", key=KEY, size=size)


def walk(session: Session, sort: str, size: int) -> list[list[int]]:
    pages, page = [], read(session, size, sort=sort)
    while True:
        pages.append([booth.id for booth in page.items])
        if page.next_cursor is None:
            return pages
        page = read(session, size, sort=sort, cursor=page.next_cursor)


def in_order(sort: str) -> list[int]:
    """The order a person expects, worked out without the database: ties by number, rows without a value last."""
    down, name = sort.startswith("-"), sort.removeprefix("-")
    rows = [(n, f"booth {n % 4}", None if n % 3 == 0 else n % 5) for n in range(1, 24)]
    value = {"name": 1, "number": 0, "last_paid": 2}[name]
    filled = sorted((row for row in rows if row[value] is not None), key=lambda row: (row[value], row[0]), reverse=down)
    empty = sorted((row for row in rows if row[value] is None), key=lambda row: row[0], reverse=down)
    return [row[0] for row in filled + empty]


EVERY_SORT = ["name", "-name", "number", "-number", "last_paid", "-last_paid"]


@pytest.mark.parametrize("sort", EVERY_SORT)
@pytest.mark.parametrize("size", [1, 4, 5, 22, 23, 24])
def test_walking_forward_shows_every_row_once_in_order(session: Session, sort: str, size: int) -> None:
    pages = walk(session, sort, size)
    assert [number for page in pages for number in page] == in_order(sort)
    assert all(len(page) == size for page in pages[:-1])


@pytest.mark.parametrize("sort", EVERY_SORT)
@pytest.mark.parametrize("size", [1, 4, 5])
def test_walking_back_shows_the_same_pages(session: Session, sort: str, size: int) -> None:
    forward = walk(session, sort, size)
    page = read(session, size, sort=sort)
    while page.next_cursor is not None:
        page = read(session, size, sort=sort, cursor=page.next_cursor)
    back = [[booth.id for booth in page.items]]
    while page.previous_cursor is not None:
        page = read(session, size, sort=sort, cursor=page.previous_cursor)
        back.append([booth.id for booth in page.items])
    assert list(reversed(back)) == forward


@pytest.mark.parametrize("sort", EVERY_SORT)
def test_a_list_built_once_says_the_same_when_it_is_asked_again(session: Session, sort: str) -> None:
    built = select(Booth.id, Booth.name, Booth.last_paid_at)

    def asked(statement: Select[*tuple[object, ...]]) -> Page[object]:
        return page_of(session, statement, {"sort": sort}, columns=COLUMNS, default="name", key=KEY, size=7)

    pages = [asked(built) for _again in range(3)]
    assert pages == [asked(select(Booth.id, Booth.name, Booth.last_paid_at))] * 3
    assert [one.id for one in pages[2].items] == in_order(sort)[:7]


@pytest.mark.parametrize("sort", ["name", "-name"])
def test_an_order_within_a_column_that_is_empty_is_the_same_order(session: Session, sort: str) -> None:
    unpaid = select(Booth).where(Booth.last_paid_at.is_(None))
    within = {"name": SortBy(Booth.name, within=Booth.last_paid_at)}
    walked: list[list[int]] = []
    for columns in (COLUMNS, within):
        arguments, found = {"sort": sort}, []
        while True:
            page = page_of(session, unpaid, arguments, columns=columns, default="name", key=KEY, size=2)
            found += [booth.id for booth in page.items]
            if page.next_cursor is None:
                break
            arguments = {"sort": sort, "cursor": page.next_cursor}
        walked.append(found)
    assert walked[0] == walked[1]
    assert len(walked[0]) == 7


@pytest.mark.parametrize("size", [1, 4, 5])
def test_a_list_sorted_by_a_second_nameless_alias_of_its_table_shows_every_row_once(
    session: Session, size: int
) -> None:
    one, neighbour = aliased(Booth), aliased(Booth)
    statement = select(one.id, one.name, neighbour.name.label("next_name")).join(neighbour, neighbour.id == 24 - one.id)
    arguments, found = {}, []
    while True:
        page = page_of(
            session,
            statement,
            arguments,
            columns={"next": SortBy(neighbour.name)},
            default="next",
            key=SortBy(neighbour.id, int),
            size=size,
        )
        found += [row.next_name for row in page.items]
        if page.next_cursor is None:
            break
        arguments = {"cursor": page.next_cursor}
    assert found == sorted(f"booth {number % 4}" for number in range(1, 24))


def test_a_first_page_has_nothing_before_it_and_a_last_one_nothing_after(session: Session) -> None:
    assert read(session, 30).previous_cursor is None
    assert read(session, 30).next_cursor is None
    assert read(session, 23).next_cursor is None


def test_an_empty_list_has_no_neighbours(session: Session) -> None:
    statement = select(Booth).where(Booth.id < 0)
    page = page_of(session, statement, {}, columns=COLUMNS, default="name", key=KEY)
    assert (list(page.items), page.next_cursor, page.previous_cursor) == ([], None, None)


def test_walking_back_past_a_short_beginning_fills_the_first_page(session: Session) -> None:
    second = read(session, 5, sort="number", cursor=read(session, 3, sort="number").next_cursor or "")
    assert [booth.id for booth in second.items] == [4, 5, 6, 7, 8]
    first = read(session, 5, sort="number", cursor=second.previous_cursor or "")
    assert [booth.id for booth in first.items] == [1, 2, 3, 4, 5]
    assert first.previous_cursor is None


IN_MEMORY = {"name": InMemory("name"), "number": InMemory("id", int)}


@given(
    sort=st.sampled_from(["name", "-name", "number", "-number"]),
    size=st.integers(1, 24),
    turns=st.lists(st.booleans(), max_size=8),
    junk=st.sampled_from(["", "junk", "WyItbmFtZSJd"]),
)
def test_rows_in_memory_turn_over_as_those_of_a_select(session, sort, size, turns, junk):
    rows = [Booth(**row) for row in _rows()]
    arguments = {"sort": sort, "cursor": junk}
    for back in turns:
        selected = read(session, size, **arguments)
        known = page_of_rows(rows, arguments, columns=IN_MEMORY, default="name", key=InMemory("id", int), size=size)
        assert [booth.id for booth in known.items] == [booth.id for booth in selected.items]
        assert (known.sorting, known.next_cursor, known.previous_cursor) == (
            selected.sorting,
            selected.next_cursor,
            selected.previous_cursor,
        )
        arguments["cursor"] = (known.previous_cursor if back else known.next_cursor) or ""


def test_a_row_in_memory_that_is_gone_takes_no_other_with_it():
    rows = [Booth(**row) for row in _rows()]

    def page(left: list[Booth], **arguments: str) -> Page[Booth]:
        return page_of_rows(left, arguments, columns=IN_MEMORY, default="number", key=InMemory("id", int), size=5)

    second = page(rows[:4] + rows[5:], cursor=page(rows).next_cursor or "")
    assert [booth.id for booth in second.items] == [6, 7, 8, 9, 10]
    assert [booth.id for booth in page(rows[5:], cursor=second.previous_cursor or "").items] == [6, 7, 8, 9, 10]


def test_several_columns_come_back_as_named_rows(session: Session) -> None:
    statement = select(Booth.id, Booth.name)
    page = page_of(session, statement, {"sort": "-number"}, columns=COLUMNS, default="name", key=KEY, size=1)
    assert (page.items[0].id, page.items[0].name) == (23, "booth 3")


def test_a_sort_outside_the_whitelist_is_the_usual_one(session: Session) -> None:
    assert read(session, sort="password").sorting == Sorting("name")
    assert sorting_from("-", COLUMNS, "-number") == Sorting("number", descending=True)
    assert str(Sorting("number", descending=True)) == "-number"


def test_a_default_outside_the_whitelist_is_a_bug() -> None:
    with pytest.raises(ValueError, match="not among"):
        sorting_from(None, COLUMNS, "age")


def test_a_cursor_of_another_sort_starts_again(session: Session) -> None:
    cursor = read(session, sort="name").next_cursor or ""
    assert [b.id for b in read(session, sort="number", cursor=cursor).items] == [1, 2, 3, 4, 5]


def packed(content: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(content).encode()).decode().rstrip("=")


@pytest.mark.parametrize(
    "cursor",
    [
        "x",
        "%%%",
        "A" * 5_000,
        packed("number"),
        packed(["number", 0, 5]),
        packed(["number", 2, 5, 5]),
        packed(["number", 0, "5", 5]),
        packed(["number", 0, None, 5]),
        packed(["number", 0, 2**70, 5]),
        packed(["number", 0, True, 5]),
        packed(["number", 0, 1.5, 5]),
        packed(["number", 0, [], {}]),
        packed(json.loads("[" * 400 + "]" * 400)),
    ],
)
def test_a_forged_cursor_is_a_first_page(session: Session, cursor: str) -> None:
    assert [b.id for b in read(session, sort="number", cursor=cursor).items] == [1, 2, 3, 4, 5]


@pytest.mark.parametrize(
    "value", ["yesterday", "2026-11-03T01:00:00", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "\ud800", 7]
)
def test_a_forged_instant_is_a_first_page(session: Session, value: object) -> None:
    page = read(session, sort="last_paid", cursor=packed(["last_paid", 0, value, 5]))
    assert page.previous_cursor is None


@pytest.mark.parametrize("value", ["\0", "\ud800"])
def test_text_no_column_holds_is_a_first_page(session: Session, value: str) -> None:
    assert read(session, sort="name", cursor=packed(["name", 0, value, 5])).previous_cursor is None


@given(st.text(max_size=60) | st.binary(max_size=60).map(lambda raw: base64.urlsafe_b64encode(raw).decode()))
def test_no_text_at_all_breaks_a_list(session: Session, cursor: str) -> None:
    assert len(read(session, cursor=cursor).items) == 5


def test_filters_take_only_what_they_know() -> None:
    states = {"open": 1, "closed": 2}
    assert chosen({"state": "closed"}, "state", states, 0) == 2
    assert chosen({"state": "'; drop"}, "state", states, 0) == 0
    assert chosen({}, "state", states, 0) == 0
    assert typed_text({"q": "  垟岙\0\n村 "}, "q") == "垟岙村"
    assert typed_text({"q": "长" * 300}, "q") == "长" * 100
    assert typed_text({}, "q") == ""


@pytest.mark.parametrize("text", ["", "soon", "2026-02-30", "0001-01-01", "9999-12-31", "9999-W52-7"])
def test_a_day_at_the_ends_of_the_calendar_is_no_filter(text):
    assert typed_day({"day": text}, "day") is None
    assert typed_day({"day": "2026-11-03"}, "day") == date(2026, 11, 3)


def test_an_entity_is_read_as_its_columns_with_its_properties(session):
    statement = select(Booth, Keeper, Booth.name.label("said")).outerjoin(Keeper, Keeper.booth_id == Booth.id)
    page = page_of(session, statement, {}, columns=COLUMNS, default="number", key=KEY, size=3)
    assert [(row.Booth.id, row.Booth.sign, row.said) for row in page.items] == [
        (1, "1: booth 1", "booth 1"), (2, "2: booth 2", "booth 2"), (3, "3: booth 3", "booth 3"),
    ]  # fmt: skip
    assert [row.Keeper and row.Keeper.name for row in page.items] == [None, "Zhou", None]
    assert page.items[0].Booth.last_paid_at == MORNING + timedelta(hours=1)
    assert not session.identity_map
    [second] = page_of(
        session, statement.where(Booth.id == 2), {}, columns=COLUMNS, default="number", key=KEY, size=3
    ).items
    assert second.Keeper.booth_id == 2
