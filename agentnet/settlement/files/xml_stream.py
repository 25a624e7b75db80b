"""XML as a stream of small trees, from bytes that may lie.

Every DTD is refused where it begins (what defusedxml does, at a third of its time), so no entity can be declared and
none expands. What is built is one subtree at a time, bounded in elements and text, so that neither a long file nor a
dishonest one fills the memory.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from typing import BinaryIO, Final
from xml.parsers import expat  # nosec B405 B406 - every DTD is refused, so no entity exists
from xml.parsers.expat import errors  # nosec B405 B406

from agentnet.core.errors import Invalid
from agentnet.settlement.files.lines import refused

_BLOCK: Final = 1 << 16
_MOST_BYTES: Final = 1 << 30
_MOST_ELEMENTS: Final = 600_000
"""Of one subtree: a batch of 20,000 payments with thirty elements each."""
_MOST_TEXT: Final = 1 << 16
_DEEPEST: Final = 100
_MOST_NAMES: Final = 2_000
_ENDS_EARLY: Final = frozenset(
    errors.codes[each]
    for each in (errors.XML_ERROR_NO_ELEMENTS, errors.XML_ERROR_UNCLOSED_TOKEN, errors.XML_ERROR_UNCLOSED_CDATA_SECTION)
)
_DECLARED: Final = re.compile(rb"""^\s*<\?xml[^>]*?encoding\s*=\s*["']([A-Za-z0-9._-]+)["']""")
_NO_ATTRIBUTES: Final[Mapping[str, str]] = {}
_ENCODINGS: Final = {
    **dict.fromkeys(("utf-8", "utf8", "us-ascii", "ascii"), "utf-8"),
    **dict.fromkeys(("gb2312", "gbk", "gb18030", "cp936"), "gb18030"),
    "utf-16": "utf-16",
}


@dataclass(slots=True)
class Element:
    """An element with what is in it; ``line`` is where it begins, ``name`` is local."""

    name: str
    line: int
    attributes: Mapping[str, str] = field(default_factory=lambda: _NO_ATTRIBUTES)
    children: Sequence[Element] = ()
    text: str = ""

    def add(self, child: Element) -> None:
        """Put a child last; most elements never have one, and go without a list."""
        if isinstance(self.children, list):
            self.children.append(child)
        else:
            self.children = [child]

    def all(self, name: str) -> list[Element]:
        """Return the children of this name."""
        return [child for child in self.children if child.name == name]

    def at(self, path: str) -> Element | None:
        """Return the first element along a path of names, ``Acct/Id/IBAN``."""
        here: Element | None = self
        for name in path.split("/"):
            here = next((child for child in here.children if child.name == name), None) if here else None
        return here

    def words(self, *paths: str) -> str:
        """Return the trimmed text of the first path that holds any, or an empty string."""
        for path in paths:
            found = self.at(path)
            if found is not None and found.text.strip():
                return found.text.strip()
        return ""


class _Builder:
    """Builds subtrees. What ``containers`` opens stands above them and is never kept whole."""

    def __init__(self, containers: Mapping[str, frozenset[str]]) -> None:
        self.parser = expat.ParserCreate(namespace_separator=" ")
        self.parser.buffer_text = True
        self.parser.StartDoctypeDeclHandler = self._doctype
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.CharacterDataHandler = self._characters
        self.root = ""
        self.events: list[tuple[str, Element]] = []
        self._containers = containers
        self._path: list[Element] = []
        self._build: list[Element] = []
        self._texts: list[str] = []
        self._locals: dict[str, str] = {}
        self._count = self._length = 0

    def _doctype(self, *_declared: object) -> None:
        refusal = Invalid("xml_entities", "文件里有 DTD 或实体定义，银行对账单不应有，出于安全不读取")
        raise refused(refusal, self.parser.CurrentLineNumber)

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        local = self._locals.get(name)
        if local is None:
            local = name.rpartition(" ")[2]
            if len(self._locals) < _MOST_NAMES:
                self._locals[name] = local
        element = Element(local, self.parser.CurrentLineNumber, attributes or _NO_ATTRIBUTES)
        self._texts.clear()
        if self._build:
            self._count += 1
            if self._count > _MOST_ELEMENTS or len(self._build) > _DEEPEST:
                raise _too_large(element.line)
            self._build[-1].add(element)
            self._build.append(element)
        elif local in self._containers.get(self._path[-1].name if self._path else "", ()):
            self.root = self.root or name
            self._path.append(element)
            self.events.append(("start", element))
        else:
            self.root = self.root or name
            self._count = self._length = 0
            self._build.append(element)

    def _end(self, _name: str) -> None:
        if not self._build:
            self.events.append(("end", self._path.pop()))
            return
        element = self._build.pop()
        if self._texts:
            if not element.children:
                element.text = "".join(self._texts)
            self._texts.clear()
        self._length = 0
        if not self._build:
            self.events.append(("whole", element))

    def _characters(self, content: str) -> None:
        if self._build:
            self._length += len(content)
            if self._length > _MOST_TEXT:
                raise _too_large(self.parser.CurrentLineNumber)
            self._texts.append(content)


def stream(
    source: bytes | Path, containers: dict[str, frozenset[str]], roots: re.Pattern[str]
) -> Iterator[tuple[str, Element]]:
    """Yield ``start`` and ``end`` of containers and, between them, every other child ``whole``.

    ``containers`` tells which children of an element ("" for the root) are opened rather than built. ``roots`` is
    what the namespace of the root must match.

    Raises:
        FileRefused: ``file_empty``, ``encoding_unknown``, ``encoding_wrong``, ``xml_broken``, ``xml_cut``,
            ``xml_entities``, ``xml_too_large``, ``namespace_unknown``; the row is the line in the file.
    """
    found = _Builder(containers)
    checked = False
    with BytesIO(source) if isinstance(source, bytes) else source.open("rb") as file:
        for text, last in _texts(file):
            try:
                found.parser.Parse(text, last)  # as text, whatever encoding it declares for itself
            except expat.ExpatError as error:
                cut = last and error.code in _ENDS_EARLY
                raise (xml_cut(error.lineno) if cut else _broken(error.lineno)) from error
            if found.root and not checked:
                checked = True
                namespace = found.root.rpartition(" ")[0]
                if not roots.fullmatch(namespace):
                    other = Invalid(
                        "namespace_unknown", "不是 camt.053 对账单，文件写的是 %(name)s", name=namespace[:80]
                    )
                    raise refused(other, 1)
            events, found.events = found.events, []
            yield from events


def xml_cut(line: int) -> Exception:
    """Return the refusal of a file that ends too early."""
    return refused(Invalid("xml_cut", "文件不完整，到第 %(line)d 行就中断了，请重新下载", line=line), line)


def _broken(line: int) -> Exception:
    return refused(Invalid("xml_broken", "第 %(line)d 行不是正确的 XML，无法读取", line=line), line)


def _too_large(line: int) -> Exception:
    return refused(Invalid("xml_too_large", "第 %(line)d 行的内容过大，无法读取", line=line), line)


def _texts(file: BinaryIO) -> Iterator[tuple[str, bool]]:
    """Yield the file as text, block by block, and whether a block is the last; the declared encoding must be true."""
    head = file.read(_BLOCK)
    if not head.strip():
        raise refused(Invalid("file_empty", "文件是空的"))
    encoding = _encoding(head)
    decoder = codecs.getincrementaldecoder(encoding)()
    line, taken, block = 1, 0, head
    while True:
        following = file.read(_BLOCK)
        taken += len(block)
        if taken > _MOST_BYTES:
            raise _too_large(line)
        try:
            text = decoder.decode(block, final=not following)
        except UnicodeDecodeError as error:
            raise refused(
                Invalid("encoding_wrong", "文件声明的文字编码是 %(name)s，内容却不是，无法读取", name=encoding), line
            ) from error
        yield text.lstrip("\ufeff") if block is head else text, not following
        if not following:
            return
        line += text.count("\n")
        block = following


def _encoding(head: bytes) -> str:
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    declared = _DECLARED.match(head.removeprefix(codecs.BOM_UTF8))
    name = declared[1].decode("ascii").lower() if declared else "utf-8"
    if name not in _ENCODINGS or (head.startswith(codecs.BOM_UTF8) and _ENCODINGS[name] != "utf-8"):
        raise refused(Invalid("encoding_unknown", "无法识别文件的文字编码，请另存为 UTF-8 编码的文件"), 1)
    return _ENCODINGS[name]
