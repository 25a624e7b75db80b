"""Macros written out at compile time say letter for letter what calling them says."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from typing import Any

import pytest
from babel.support import NullTranslations
from flask import Flask
from jinja2 import DictLoader

from agentnet.infra.template_words import WordedEnvironment

MACROS = """
{% macro icon(name, label=none) -%}
<svg{% if label %} aria-label="{{ label }}"{% endif %}><use href="#{{ name }}"></use></svg>
{%- endmacro %}
{% macro state(words, tone) -%}
<span class="{{ tone }}">{{ icon({"good": "check", "bad": "cross"}[tone]) }}{{ words }}</span>
{%- endmacro %}
{% macro cell(label, text) %}
<td data-label="{{ label }}">{{ caller() if caller else text }}</td>
{% endmacro %}
{% macro twice(number) %}
{% set doubled = number * 2 %}{{ doubled }}/{{ number }}{% if number is none %}-{% endif %}
{% endmacro %}
{% macro table(caption) %}
<table><caption>{{ caption }}</caption>{{ caller() }}</table>
{% endmacro %}
{% macro listed(items) %}
{% for label, item in items %}{{ loop.index }}{{ label }}={{ item }}{% if not loop.last %}, {% endif %}{% endfor %}
{% endmacro %}
{% macro repeated() %}{% for _n in (1, 2) %}{{ caller() }}{% endfor %}{% endmacro %}
{% macro attributes() %}{{ kwargs["a"] }}{% endmacro %}
{% macro countdown(n) %}{{ n }}{% if n %}{{ countdown(n - 1) }}{% endif %}{% endmacro %}
{% macro of_page() %}[{{ here }}]{% endmacro %}
{% macro defined_or_not(x) %}{{ "yes" if x is defined else "no" }}{% endmacro %}
"""
IMPORTS = (
    "{% from 'macros' import icon, state, cell, twice, table, listed, repeated, attributes, countdown, defined_or_not %}"
    "{% from 'macros' import of_page as seen with context %}{% from 'macros' import of_page as unseen %}"
)
PIECES = {
    "constants fold": "{{ icon('search') }}{{ icon('x', 'Find <it>') }}{{ state('ok & well', 'good') }}",
    "what is not constant stays": "{% for w, t in (('a', 'good'), (evil, 'bad')) %}{{ state(w, t) }}{% endfor %}",
    "a call with a body": "{% call cell('A') %}<b>{{ evil }}</b>{% endcall %}{{ cell('B', evil) }}{{ cell('C') }}",
    "a parameter that is read often": "{{ twice(one + 1) }}{{ twice(one) }}",
    "names of the page and of a macro": "{% set doubled = 'mine' %}{{ twice(3) }}{{ doubled }}",
    "a body that uses the names of its macro": (
        "{% set label = 'outer' %}{% call cell('inner') %}{{ label }}{% endcall %}"
    ),
    "a loop around a loop": "{% for n in (1, 2) %}{{ listed(((loop.index, n), (evil, n))) }};{% endfor %}",
    "a macro in a macro's body": (
        "{% call table('T') %}{% for n in (1, 2) %}{% call cell(n) %}{{ icon(n) }}{% endcall %}{% endfor %}{% endcall %}"
    ),
    "a choice of two calls": "{{ state('a', 'good') if one else icon('b') }}{{ icon('c') if not one }}",
    "what stays a call": "{% call repeated() %}{{ evil }}{% endcall %}{{ attributes(a=evil) }}{{ countdown(2) }}",
    "an expression around a call": "{{ icon('a') ~ '<' }}{{ (icon('a') or '-')|length }}",
    "what a macro sees of its page": "{{ seen() }}{{ unseen() }}",
    "not given": "{{ defined_or_not() }}{{ defined_or_not(1) }}",
    "a page's own macro": "{% macro own(x) %}{{ x }}{{ here }}{% endmacro %}{{ own(evil) }}",
    "a part": "{% set icon_name = 'part' %}{% include 'part' %}",
    "a part with imports of its own": "{% include 'part_with_imports' %}",
    "conditions": "{% if false %}a{% elif one %}b{% else %}c{% endif %}{% if true %}d{% endif %}",
    "a message about a number": "{% for n in (1, 2) %}{{ ngettext('one', '%(num)d of %(num)d', n) }}{% endfor %}",
    "a message looked up late": "{{ _(message) }}{% if in_english() %}en{% else %}zh{% endif %}",
}
VALUES: Mapping[str, Any] = {"evil": "<i>&\"'", "one": 1, "here": "page", "message": "100%% <b>"}


def _environment(written_out: bool) -> WordedEnvironment:
    app = Flask("pieces")
    loader = DictLoader(
        {
            "macros": MACROS,
            "base": "<main>{% block main %}{% endblock %}</main>{% block foot %}foot{% endblock %}",
            "part": "({{ icon_name }}{{ one }})",
            "part_with_imports": "{% from 'macros' import icon as drawn %}({{ drawn('p') }}{{ evil }})",
            **{name: piece_of(text) for name, text in PIECES.items()},
        }
    )
    environment = WordedEnvironment(
        app, loader=loader, autoescape=True, trim_blocks=True, lstrip_blocks=True, auto_reload=not written_out,
        extensions=["jinja2.ext.i18n"],
    )  # fmt: skip
    environment.install_gettext_callables(str, lambda one, many, n: one if n == 1 else many, newstyle=True)  # type: ignore[attr-defined]
    environment.globals["in_english"] = lambda: False
    environment.speak({"zh": NullTranslations()}, lambda: "zh")
    return environment


def piece_of(text: str) -> str:
    """Return a page that shows a piece."""
    return "{% extends 'base' %}" + IMPORTS + "{% block main %}" + text + "{% endblock %}"


@pytest.mark.parametrize("name", PIECES)
def test_a_page_written_out_says_what_its_calls_say(name: str) -> None:
    plain = _environment(written_out=False).get_template(name).render(VALUES)
    assert _environment(written_out=True).get_template(name).render(VALUES) == plain


def test_a_list_of_constant_macros_calls_nothing() -> None:
    environment = _environment(written_out=True)
    environment.get_template("constants fold")
    spoken = environment._languages["zh"]
    assert spoken.loader is not None
    source = spoken.loader.get_source(spoken, "constants fold")[0]
    code = spoken.compile(source, "constants fold", "constants fold", raw=True)
    calls = {
        node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        for node in ast.walk(ast.parse(code))
        if isinstance(node, ast.Call)
    }
    assert "call" not in calls
    assert '<use href=\\"#search\\">' in code or '<use href="#search">' in code
