"""Cut Bootstrap down to the classes this product uses, so that a keeper's first page stays light.

Reads the untouched ``bootstrap.min.css`` beside it and writes ``bootstrap.trimmed.css``. A rule stays when every class
in one of its selectors is in ``KEEP``; rules without a class (the reset) stay; the dark theme, the coloured button and
alert families, animations and anything that needs Bootstrap's script go. A class missing from a page? Add it here and
run ``python tools/trim_bootstrap.py``; a test compares the committed file with a fresh run.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path

HERE = Path(__file__).resolve().parent.parent / "agentnet" / "static" / "vendor" / "bootstrap"
SOURCE = HERE / "bootstrap.min.css"
TARGET = HERE / "bootstrap.trimmed.css"

KEEP = re.compile(
    r"""^(
      container | container-fluid | row | col(-(sm|md|lg))?(-(auto|\d+))? | g[xy]?-[0-5]
    | h[1-6] | lead | small | list-unstyled | list-inline(-item)?
    | table | table-(sm|hover|responsive) | caption-top | align-(middle|top|baseline)
    | form-(control|select|label|text|check)(-lg|-sm|-inline|-input|-label)? | input-group(-text)?
    | btn | btn-(primary|outline-primary|outline-secondary|link|sm|lg) | active | disabled | show
    | badge | alert | card(-body|-title|-header|-footer)?
    | breadcrumb(-item)? | progress(-bar)? | list-group(-item|-flush|-item-action)?
    | nav | nav-(link|item|tabs) | visually-hidden(-focusable)? | vstack | hstack
    | d-(md-|lg-)?(none|block|flex|grid|inline|inline-block|inline-flex) | d-print-(none|block)
    | flex-(md-|lg-)?(row|column) | flex-(wrap|nowrap|fill) | flex-(grow|shrink)-[01]
    | justify-content-(start|end|center|between) | align-(items|self)-(start|end|center|baseline|stretch)
    | gap-[0-5] | [mp][tbsexy]?-([0-5]|auto)
    | text-(start|end|center|nowrap|break|decoration-none|body-secondary) | fw-(normal|semibold|bold) | fs-[1-6]
    | w-(50|75|100|auto) | h-(100|auto) | border(-(top|bottom|start|end))?(-0)? | rounded(-0)?
    | img-fluid | overflow-(auto|hidden) | position-(relative|sticky) | sticky-top
    )$""",
    re.VERBOSE,
)
_CLASS = re.compile(r"\.(-?[A-Za-z_][\w-]*)")
_DARK = re.compile(r"data-bs-theme=dark|data-bs-toggle|was-validated|:(in)?valid\b|is-(in)?valid|-moz-focus|\[dir=")


def blocks(css: str) -> Iterator[tuple[str, str]]:
    """Yield each top-level (prelude, body) of a minified style sheet."""
    start = position = 0
    while (opening := css.find("{", position)) >= 0:
        depth, end = 1, opening + 1
        while depth:
            depth += {"{": 1, "}": -1}.get(css[end], 0)
            end += 1
        yield css[start:opening].strip(), css[opening + 1 : end - 1]
        start = position = end


def kept(selector: str) -> bool:
    """Tell whether one selector (no commas outside brackets) is wanted."""
    return not _DARK.search(selector) and all(KEEP.match(name) for name in _CLASS.findall(selector))


def split(selectors: str) -> list[str]:
    """Split a selector list at commas outside brackets."""
    return re.split(r",(?![^()\[\]]*[)\]])", selectors)


def without_theme_colours(body: str) -> str:
    """Drop the root variables no kept rule reads: named colours, gradients and breakpoints."""
    dropped = r"(blue|indigo|purple|pink|red|orange|yellow|green|teal|cyan|gray(-\w+)?|white|black|gradient"
    dropped += r"|breakpoint-\w+|(primary|secondary|success|info|warning|danger|light|dark)(-[\w-]+)?"
    dropped += r"|form-(in)?valid-[\w-]+)"
    return re.sub(rf"--bs-{dropped}:[^;]*;?", "", body)


def trim(css: str) -> str:
    """Return the style sheet with only the wanted rules."""
    css = re.sub(r"/\*.*?\*/|@charset[^;]*;", "", css, flags=re.DOTALL)
    out: list[str] = []
    for prelude, body in blocks(css):
        if prelude.startswith(("@media", "@supports")):
            inner = trim(body)
            if inner:
                out.append(f"{prelude}{{{inner}}}")
        elif prelude.startswith("@keyframes"):
            continue
        else:
            wanted = [selector for selector in split(prelude) if kept(selector)]
            if wanted and body:
                out.append(f"{','.join(wanted)}{{{without_theme_colours(body) if ':root' in prelude else body}}}")
    return "".join(out)


def build() -> str:
    """Return the text of the trimmed file, licence line first."""
    css = SOURCE.read_text(encoding="utf-8")
    version = re.search(r"Bootstrap\s+v([\d.]+)", css)
    if version is None:
        raise SystemExit(f"{SOURCE} is not Bootstrap")
    return f"/*! Bootstrap {version[1]}, trimmed by tools/trim_bootstrap.py; MIT, see LICENSE */\n{trim(css)}\n"


if __name__ == "__main__":
    TARGET.write_text(build(), encoding="utf-8")
    sys.stdout.write(f"{TARGET.name}: {TARGET.stat().st_size:,} bytes\n")
