"""Macros written out where they are called, when a template is compiled.

A list of fifty rows calls some five hundred macros (``cell``, ``state``, ``icon``), and calling them cost more than
all else on the page together. What they say is mostly known beforehand: ``icon("search")`` is always the same text.
So a call that stands alone between ``{{ }}`` or opens a ``{% call %}`` is replaced by the macro's body with its
arguments put in; conditions that are thereby decided are decided. ``{% include "..." %}`` is written out likewise.

The page says letter for letter what the calls would have said. Names a macro sets are renamed, and the globals it
reads are read from the environment, so that nothing of the page can get in their way. A macro this cannot be said of
(it takes ``kwargs``, comes to itself again, reads what the page changes) stays a macro.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from jinja2 import Environment, nodes
from jinja2.nodes import EvalContext, Impossible

_UNSUITABLE = frozenset({"varargs", "kwargs", "self", "super"})
_OF_THEIR_OWN = (nodes.Extends, nodes.Block, nodes.Macro, nodes.Import)
"""What a template has that cannot be moved into another."""

Meanings = dict[str, "nodes.Expr | str"]
"""What names come to stand for: an expression, or another name."""


@dataclass(frozen=True, slots=True)
class _Body:
    """A macro ready to be written out; the macros it calls are written out in it already."""

    parameters: Sequence[str]
    defaults: Mapping[str, nodes.Expr]
    statements: Sequence[nodes.Node]
    reads: Mapping[str, int]
    stored: frozenset[str]


@dataclass(slots=True)
class _Home:
    """What a template's macro names mean: template, name there, and whether it reads the variables of this one."""

    known: dict[str, tuple[str, str, bool]] = field(default_factory=dict)
    own: dict[str, nodes.Macro] = field(default_factory=dict)
    changed: frozenset[str] = frozenset()
    """Names the template itself sets outside its macros."""


class Inliner:
    """Writes out the macros of one environment's templates; ``parse`` returns a template's tree by its name."""

    def __init__(self, environment: Environment, parse: Callable[[str], nodes.Template]) -> None:
        self._environment, self._parse = environment, parse
        self._homes: dict[str, _Home] = {}
        self._bodies: dict[tuple[str, str, bool], _Body | None] = {}
        self._callers: dict[str, Sequence[nodes.Node]] = {}
        self._numbers = count()

    def write_out(self, tree: nodes.Template, name: str) -> None:
        """Write out what can be in the template of this name; imports nobody asks any more are dropped."""
        tree.body = self._statements(tree.body, self._home(name))
        if next(tree.find_all((nodes.Include, nodes.Import)), None) is None:
            tree.body = _without_unread_imports(tree)
        for block in tree.find_all(nodes.Block):
            block.body = [_in_one_piece(block.body)]
        tree.set_environment(self._environment)

    def _home(self, template: str) -> _Home:
        if template not in self._homes:
            self._homes[template] = _home_of(self._parse(template), template)
        return self._homes[template]

    def _statements(self, statements: Sequence[nodes.Node], home: _Home) -> list[nodes.Node]:
        return _joined([part for one in statements for part in self._written(one, home)])

    def _written(self, one: nodes.Node, home: _Home) -> list[nodes.Node]:
        if isinstance(one, nodes.Output):
            return [part for child in one.nodes for part in self._shown(child, home)]
        if isinstance(one, nodes.CallBlock) and not one.args:
            body = self._called(one.call, home, one.body)
            if body is not None:
                return body
        if isinstance(one, nodes.Include):
            included = self._included(one, home)
            if included is not None:
                return included
        if isinstance(one, nodes.If):
            decided = self._decision(one.test)
            if decided is not None:
                return self._statements(one.body if decided else _otherwise(one), home)
        for name, value in one.iter_fields():
            if isinstance(value, list) and any(isinstance(part, nodes.Stmt) for part in value):
                if name == "elif_":
                    for part in value:
                        part.body = self._statements(part.body, home)
                else:
                    setattr(one, name, self._statements(value, home))
        return [one]

    def _shown(self, child: nodes.Expr, home: _Home) -> list[nodes.Node]:
        """Return the statements that show an expression."""
        if isinstance(child, nodes.CondExpr):
            decided = self._decision(child.test)
            if decided is not None:
                chosen = child.expr1 if decided else child.expr2
                return [] if chosen is None else self._shown(chosen, home)
            if isinstance(child.expr1, nodes.Call) or isinstance(child.expr2, nodes.Call):
                first = self._shown(child.expr1, home)
                second = [] if child.expr2 is None else self._shown(child.expr2, home)
                return [nodes.If(child.test, first, [], second, lineno=child.lineno)]
        if isinstance(child, nodes.Call):
            if isinstance(child.node, nodes.Name) and child.node.name in self._callers:
                return self._statements(self._callers.pop(child.node.name), home)
            body = self._called(child, home, None)
            if body is not None:
                return body
        return [nodes.Output([child], lineno=child.lineno)]

    def _included(self, one: nodes.Include, home: _Home) -> list[nodes.Node] | None:
        if not isinstance(one.template, nodes.Const) or one.ignore_missing or not one.with_context:
            return None
        tree = self._parse(one.template.value)
        if next(tree.find_all(_OF_THEIR_OWN), None) is not None:
            return None
        there = _Home({**home.known, **_home_of(tree, one.template.value).known}, home.own, home.changed)
        tree.body = self._statements(tree.body, there)
        tree.body = _without_unread_imports(tree)
        if next(tree.find_all((nodes.Include, nodes.FromImport)), None) is not None:
            return None
        return [nodes.Scope(tree.body, lineno=one.lineno)]

    def _decision(self, test: Any) -> bool | None:
        """Return what a condition comes to, if that is known now."""
        try:
            return bool(test.as_const(EvalContext(self._environment)))
        except Impossible:
            return None

    def _called(self, call: nodes.Call, home: _Home, within: Sequence[nodes.Node] | None) -> list[nodes.Node] | None:
        """Return what a call says, or None if it has to stay a call; ``within`` is the body of a ``{% call %}``."""
        body = self._body(call.node.name, home) if isinstance(call.node, nodes.Name) else None
        given = None if body is None else _arguments(body, call)
        if body is None or given is None:
            return None
        number = next(self._numbers)
        meant: Meanings = {name: f"_{number}_{name}" for name in body.stored}
        first: list[nodes.Node] = []
        for name, value in given.items():
            if name not in body.stored and _may_stand_for(value, body.reads.get(name, 0)):
                meant[name] = value
                continue
            meant[name] = f"_{number}_{name}"
            first.append(nodes.Assign(nodes.Name(meant[name], "store"), value, lineno=call.lineno))
        meant["caller"] = nodes.Const(within is not None)
        caller = f"_{number}_caller"
        if within is not None:
            self._callers[caller] = within
        said = self._statements([_copied(one, meant, caller) for one in body.statements], home)
        if first or body.stored:
            return [nodes.Scope([*first, *said], lineno=call.lineno)]
        return said

    def _body(self, name: str, home: _Home) -> _Body | None:
        key = home.known.get(name)
        if key is None:
            return None
        if key not in self._bodies:
            self._bodies[key] = None  # a macro that comes to itself again stays a macro
            self._bodies[key] = self._prepared(*key)
        return self._bodies[key]

    def _prepared(self, template: str, name: str, sees_page: bool) -> _Body | None:
        home = self._home(template)
        macro = home.own.get(name)
        if macro is None or not all(isinstance(default, nodes.Const) for default in macro.defaults):
            return None
        parameters = [argument.name for argument in macro.args]
        whole = nodes.Scope(self._statements([_copied(one, {}, "caller") for one in macro.body], home))
        names = list(whole.find_all(nodes.Name))
        stored = frozenset(one.name for one in names if one.ctx == "store")
        if any(test.name in ("defined", "undefined") for test in whole.find_all(nodes.Test)):
            return None
        free = {one.name for one in names if one.ctx == "load"} - stored - {*parameters, "caller", "loop"}
        if free & (_UNSUITABLE | home.known.keys() | home.changed) or not _calls_back_once(whole):
            return None
        if not sees_page:
            if not free <= self._environment.globals.keys():
                return None
            whole = _copied(whole, {name: global_name(name) for name in free}, "caller")
        defaults = dict(zip(parameters[len(parameters) - len(macro.defaults) :], macro.defaults, strict=True))
        return _Body(parameters, defaults, whole.body, Counter(_reads(whole)), stored)


def is_page(tree: nodes.Template) -> bool:
    """Return whether this is a page, whose macros read its variables, and not a file of macros or a part."""
    return next(tree.find_all((nodes.Extends, nodes.Block)), None) is not None


def _home_of(tree: nodes.Template, template: str) -> _Home:
    home = _Home()
    of_page = is_page(tree)
    for one in tree.body:
        if isinstance(one, nodes.FromImport) and isinstance(one.template, nodes.Const):
            for name in one.names:
                there, here = name if isinstance(name, tuple) else (name, name)
                home.known[here] = (one.template.value, there, one.with_context)
        if isinstance(one, nodes.Macro):
            home.own[one.name] = one
            home.known[one.name] = (template, one.name, of_page)
    outside = nodes.Scope([one for one in tree.body if not isinstance(one, nodes.Macro)])
    home.changed = frozenset(name.name for name in outside.find_all(nodes.Name) if name.ctx == "store")
    return home


def _without_unread_imports(tree: nodes.Template) -> list[nodes.Node]:
    read = {name.name for name in tree.find_all(nodes.Name)}
    for one in tree.find_all(nodes.FromImport):
        one.names = [name for name in one.names if (name[1] if isinstance(name, tuple) else name) in read]
    return [one for one in tree.body if not isinstance(one, nodes.FromImport) or one.names]


def _in_one_piece(body: list[nodes.Node]) -> nodes.FilterBlock:
    """Return statements that are put together before they are handed on.

    A block hands every single text through the generators of all templates it stands in; of a list those are thousands.
    """
    return nodes.FilterBlock(body, nodes.Filter(None, "safe", [], [], None, None))


def global_name(name: str) -> nodes.Expr:
    """Return a global as a macro written out reads it, whatever the page calls by that name."""
    return nodes.Getitem(nodes.EnvironmentAttribute("globals"), nodes.Const(name), "load")


def _arguments(body: _Body, call: nodes.Call) -> dict[str, nodes.Expr] | None:
    """Return what each parameter is given, or None if that is known only when the page is shown."""
    if call.dyn_args or call.dyn_kwargs or len(call.args) > len(body.parameters):
        return None
    given: dict[str, nodes.Expr] = dict(zip(body.parameters, call.args, strict=False))
    for named in call.kwargs:
        if named.key in given or named.key not in body.parameters:
            return None
        given[named.key] = named.value
    # A parameter that is not given shows nothing and is false, as an empty text is.
    return {name: given.get(name) or body.defaults.get(name) or nodes.Const("") for name in body.parameters}


def _may_stand_for(value: nodes.Expr, reads: int) -> bool:
    """Return whether an argument may be written where its parameter stood: at no cost, and meaning the same there."""
    if isinstance(value, nodes.Const):
        return True
    names = {name.name for name in value.find_all(nodes.Name)}
    if isinstance(value, nodes.Name):
        return value.name != "loop"
    return reads <= 1 and "loop" not in names


def _calls_back_once(body: nodes.Scope) -> bool:
    """Return whether ``caller`` is only asked about, and shown at one place outside any loop."""
    shown = [
        child
        for output in body.find_all(nodes.Output)
        for child in output.nodes
        if isinstance(child, nodes.Call) and isinstance(child.node, nodes.Name) and child.node.name == "caller"
    ]
    tests = [name for test in body.find_all(nodes.If) for name in nodes.Scope([test.test]).find_all(nodes.Name)]
    asked = sum(name.name == "caller" for name in tests)
    return len(shown) <= 1 and Counter(_reads(body))["caller"] == asked + len(shown)


def _reads(node: nodes.Node, times: int = 1) -> Iterator[str]:
    """Yield each name as often as it is read; in a loop that is more than once."""
    for child in node.iter_child_nodes():
        if isinstance(child, nodes.Name) and child.ctx == "load":
            yield from [child.name] * times
        yield from _reads(child, 2 if isinstance(child, nodes.For) else times)


def _otherwise(one: nodes.If) -> Sequence[nodes.Node]:
    if not one.elif_:
        return one.else_
    head, *rest = one.elif_
    return [nodes.If(head.test, head.body, rest, one.else_, lineno=head.lineno)]


def _copied(node: Any, meant: Mapping[str, nodes.Expr | str], caller: str) -> Any:
    """Return a copy in which names stand for what they mean; ``caller()`` is called by the name given for it."""
    if isinstance(node, nodes.Name) and node.name in meant:
        stands_for = meant[node.name]
        if isinstance(stands_for, str):
            return nodes.Name(stands_for, node.ctx, lineno=node.lineno, environment=node.environment)
        return _copied(stands_for, {}, "caller")
    copy = type(node)()
    for name in node.fields:
        value: Any = getattr(node, name)
        if isinstance(value, list):
            value = [_copied(part, meant, caller) if isinstance(part, nodes.Node) else part for part in value]
        elif name == "node" and isinstance(node, nodes.Call) and value == nodes.Name("caller", "load"):
            value = nodes.Name(caller, "load")
        elif isinstance(value, nodes.Node):
            value = _copied(value, meant, caller)
        setattr(copy, name, value)
    copy.lineno, copy.environment = node.lineno, node.environment
    return copy


def _joined(statements: Sequence[nodes.Node]) -> list[nodes.Node]:
    """Return the statements with neighbouring texts in one: each costs the same, however long it is."""
    found: list[nodes.Node] = []
    for one in statements:
        if isinstance(one, nodes.Output) and found and isinstance(found[-1], nodes.Output):
            found[-1] = nodes.Output([*found[-1].nodes, *one.nodes], lineno=found[-1].lineno)
        else:
            found.append(one)
    return found
