"""Frozen figures as canonical JSON and back, so that a stored document can be drawn again to the same bytes.

Works for any frozen dataclass made of texts, whole numbers, booleans, days, instants, ``None``, tuples and further
dataclasses. Floats are refused: no figure of a document is one. Instants are stored in UTC.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Mapping
from datetime import UTC, date, datetime
from functools import cache
from types import NoneType, UnionType
from typing import Any, ClassVar, Literal, Protocol, TypeVar, Union, get_args, get_origin, get_type_hints

from agentnet.core.clock import aware
from agentnet.core.ids import canonical
from reports.head import DocumentHead


class _Dataclass(Protocol):
    __dataclass_fields__: ClassVar[dict[str, Any]]


class _Document(_Dataclass, Protocol):
    @property
    def head(self) -> DocumentHead: ...


Figures = TypeVar("Figures", bound=_Dataclass)
Sealed = TypeVar("Sealed", bound=_Document)

_CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_CHECK_CODE_LENGTH = 12
_PLAIN_ALREADY = frozenset({str, int, bool, NoneType})


class FrozenShape(ValueError):
    """A stored document does not have the shape its drawing expects, or figures hold a kind of value they must not."""


def to_json(figures: _Dataclass) -> bytes:
    """Return the one JSON spelling of frozen figures.

    Raises:
        FrozenShape: if they hold a float or another kind of value that has no place in a document.
    """
    return canonical(_fields(figures))


def from_json(shape: type[Figures], stored: bytes) -> Figures:
    """Return the figures that were stored, checked field by field.

    A field that is missing takes its default, so that a document stored before the field existed can still be read.

    Raises:
        FrozenShape: if the text is no JSON, a field is missing, unknown or of another kind.
    """
    try:
        found = json.loads(stored)
    except ValueError as error:
        raise FrozenShape(f"not JSON: {error}") from error
    return _read_dataclass(shape, found, shape.__name__)


def check_code_of(figures: _Document) -> str:
    """Return the check code of a document: 60 bits of the SHA-256 of its figures, in three groups of four.

    The code and the address that holds it are left out of what is hashed; everything else that is printed is in it.
    Crockford's base 32 has no I, L, O and U, so it can be read aloud.
    """
    bare = dataclasses.replace(figures.head, check_code="", verify_url="")
    digest = hashlib.sha256(canonical(_fields(figures) | {"head": _fields(bare)})).digest()
    number = int.from_bytes(digest[:8], "big") >> 4
    digits = [_CROCKFORD[number >> 5 * place & 31] for place in reversed(range(_CHECK_CODE_LENGTH))]
    code = "".join(digits)
    return "-".join(code[start : start + 4] for start in range(0, _CHECK_CODE_LENGTH, 4))


def sealed(figures: Sealed, verify_prefix: str) -> Sealed:
    """Return the figures with their check code and, below ``verify_prefix``, the address that verifies it."""
    code = check_code_of(figures)
    head = dataclasses.replace(figures.head, check_code=code, verify_url=verify_prefix + code)
    return dataclasses.replace(figures, head=head)


def _fields(figures: _Dataclass) -> dict[str, object]:
    return {name: _plain(getattr(figures, name), name) for name in _names_of(type(figures))}


@cache
def _names_of(shape: type[_Dataclass]) -> tuple[str, ...]:
    """Return a dataclass's field names; asked once a line of a statement, so kept."""
    return tuple(field.name for field in dataclasses.fields(shape))


def _plain(value: object, where: str) -> object:
    if type(value) in _PLAIN_ALREADY or value is None or isinstance(value, str | int):
        return value
    if isinstance(value, datetime):
        return aware(value).astimezone(UTC).isoformat()
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, tuple):
        return [_plain(item, where) for item in value]
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return _fields(value)
    raise FrozenShape(f"{where}: {type(value).__name__} has no place in frozen figures")


@cache
def _shape_of(shape: type[Any]) -> dict[str, tuple[Any, bool]]:
    """Return each field's type and whether it may be missing."""
    hints = get_type_hints(shape)
    return {
        field.name: (
            hints[field.name],
            field.default is not dataclasses.MISSING or field.default_factory is not dataclasses.MISSING,
        )
        for field in dataclasses.fields(shape)
    }


def _read_dataclass(shape: type[Figures], found: object, where: str) -> Figures:
    if not isinstance(found, Mapping):
        raise FrozenShape(f"{where}: expected an object")
    expected = _shape_of(shape)
    unknown = found.keys() - expected.keys()
    missing = {name for name, (_, optional) in expected.items() if not optional} - found.keys()
    if unknown or missing:
        raise FrozenShape(f"{where}: unknown {sorted(unknown)}, missing {sorted(missing)}")
    values: dict[str, Any] = {name: _read(expected[name][0], value, f"{where}.{name}") for name, value in found.items()}
    return shape(**values)


def _read(kind: Any, found: object, where: str) -> object:
    origin = get_origin(kind)
    if origin in (Union, UnionType):
        return _read_optional(kind, found, where)
    if origin is Literal:
        if found not in get_args(kind):
            raise FrozenShape(f"{where}: {found!r} is not one of {get_args(kind)}")
        return found
    if origin is tuple:
        if not isinstance(found, list):
            raise FrozenShape(f"{where}: expected a list")
        return tuple(_read(get_args(kind)[0], item, f"{where}[{at}]") for at, item in enumerate(found))
    if dataclasses.is_dataclass(kind) and isinstance(kind, type):
        return _read_dataclass(kind, found, where)
    if kind in (date, datetime):
        return _read_time(kind, found, where)
    # bool is an int in Python; a document's figure is exactly what it was declared to be.
    if type(found) is not kind:
        raise FrozenShape(f"{where}: expected {kind.__name__}, found {type(found).__name__}")
    return found


def _read_optional(kind: Any, found: object, where: str) -> object:
    kinds = [one for one in get_args(kind) if one is not NoneType]
    if found is None and NoneType in get_args(kind):
        return None
    if len(kinds) != 1:
        raise FrozenShape(f"{where}: only one kind or nothing can be stored")
    return _read(kinds[0], found, where)


def _read_time(kind: type[date], found: object, where: str) -> date:
    if not isinstance(found, str):
        raise FrozenShape(f"{where}: expected a day or an instant")
    try:
        return aware(datetime.fromisoformat(found)) if kind is datetime else date.fromisoformat(found)
    except ValueError as error:
        raise FrozenShape(f"{where}: {error}") from error
