"""Named refusals: the business says no, and says why.

A refusal carries a stable ``code`` (for machines and tests), a ``message`` in the message language (Chinese, the
msgid of the catalogue) with named parameters, and optionally the ``field`` it belongs to. Four kinds map onto HTTP
statuses in one table; everything else is a bug and crashes loudly.
"""

from __future__ import annotations

from collections.abc import Mapping


class Refusal(Exception):
    """The request was understood and is refused.

    >>> str(Invalid("amount_missing", "请输入金额"))
    'amount_missing: 请输入金额'
    >>> Invalid("too_much", "最多 %(limit)s 元", limit="20.00").text()
    '最多 20.00 元'
    """

    status = 422

    def __init__(self, code: str, message: str, /, field: str | None = None, **params: object) -> None:
        self.code = code
        self.message = message
        self.field = field
        self.params: Mapping[str, object] = params
        super().__init__(f"{code}: {self.text()}")

    def text(self) -> str:
        """Return the message in its own language with the parameters filled in."""
        return self.message % self.params if self.params else self.message


class Invalid(Refusal):
    """What was asked breaks a rule; asking differently may work (422)."""

    status = 422


class Forbidden(Refusal):
    """This person may not do this anywhere (403)."""

    status = 403


class Missing(Refusal):
    """There is no such thing, or it lies outside the viewer's territory (404)."""

    status = 404


class Conflict(Refusal):
    """The thing has changed, or the same id came with other content (409)."""

    status = 409


STATUS_OF: Mapping[type[Refusal], int] = {Invalid: 422, Forbidden: 403, Missing: 404, Conflict: 409}
