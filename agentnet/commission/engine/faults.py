"""What is wrong in a plan document: every fault with its path and a sentence that says what to write instead."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from agentnet.core.errors import Invalid
from agentnet.core.words import translatable

MOST_KEPT = 200


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault: where (``versions[0].components[2].fee``), a stable code, and the sentence with its parameters."""

    path: str
    code: str
    message: str
    params: Mapping[str, object]

    def text(self) -> str:
        """Return the sentence in its own language with the parameters filled in."""
        return self.message % self.params if self.params else self.message


@dataclass(slots=True)
class Faults:
    """Faults while they are collected; the first ones are kept, all are counted."""

    kept: list[Fault] = field(default_factory=list)
    count: int = 0

    def add(self, path: str, code: str, message: str, /, **params: object) -> None:
        """Note a fault; the message is marked with ``translatable`` where it stands."""
        self.count += 1
        if len(self.kept) < MOST_KEPT:
            self.kept.append(Fault(path, code, message, params))

    def refuse_any(self) -> None:
        """Refuse if anything was noted.

        Raises:
            PlanRefused: with every fault.
        """
        if self.count:
            raise PlanRefused(tuple(self.kept), self.count)


class PlanRefused(Invalid):
    """A plan document that cannot be taken as it is; ``faults`` says why, place by place."""

    def __init__(self, faults: tuple[Fault, ...], count: int | None = None) -> None:
        self.faults = faults
        self.count = len(faults) if count is None else count
        first = f"{faults[0].path}: {faults[0].text()}" if faults else ""
        message = translatable("方案有 %(count)d 处要改；第一处 %(first)s")
        super().__init__("plan_faults", message, field="plan", count=self.count, first=first)
