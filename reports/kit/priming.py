"""Which characters a kind of document always prints: the words of its groups, and the capitals of amounts."""

from __future__ import annotations

from collections.abc import Sequence

from reports.kit.fonts import Primer, Weight, primer_of
from reports.texts import COMMON, Language, Texts, words

_CAPITALS = "人民币负零壹贰叁肆伍陆柒捌玖拾佰仟万亿元角分整"
_DATES = "年月日第周至"
_NUMERALS = "、一二三四五六"
_MARKS = "·…"


class Priming:
    """The primers of one kind of document, made once a process and language.

    A word that is missing here still prints, from a subset of its own document; it only costs time.
    """

    def __init__(self, texts: Texts, regular: str = "", bold: Sequence[str] = (), bold_extra: str = "") -> None:
        self._texts = texts
        self._regular = regular
        self._bold = tuple(bold)
        self._bold_extra = bold_extra
        self._made: dict[Language, dict[Weight, Primer]] = {}

    def primers(self, language: Language) -> dict[Weight, Primer]:
        """Return the primer of each weight."""
        if language not in self._made:
            self._made[language] = self._make(language)
        return self._made[language]

    def _make(self, language: Language) -> dict[Weight, Primer]:
        word = words(language)
        regular = [word[key] for group in (COMMON, self._texts) for key in group]
        bold = [word[key] for key in (*self._bold, "total")]
        regular += [_CAPITALS, _MARKS]
        if language == "zh":
            regular += [_DATES, self._regular]
            bold += [_DATES, _NUMERALS, self._bold_extra]
        return {Weight.REGULAR: primer_of(Weight.REGULAR, regular), Weight.BOLD: primer_of(Weight.BOLD, bold)}
