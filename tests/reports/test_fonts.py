"""Fonts: a character is printed or refused by name, and the files are those whose licence we carry."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from reports import commission_statement
from reports.kit import fonts
from reports.kit.fonts import FONT_FOLDER, DocumentFont, MissingGlyph, Weight, damaged_files, primer_of, require_glyphs
from reports.kit.wrap import wrap
from tests.reports.samples import statement, text_of

RARE = "垟岙埠嶴㘰塆"


def font(primed: str = "") -> DocumentFont:
    return DocumentFont(primer_of(Weight.REGULAR, [primed]))


def test_the_rare_characters_of_village_names_are_all_there() -> None:
    for weight in Weight:
        require_glyphs(RARE, weight)


def test_rare_characters_are_read_back_from_the_page() -> None:
    pdf = commission_statement.draw(replace(statement(3), outlet_name=f"{RARE}村邮站"))
    assert f"{RARE}村邮站" in text_of(pdf)[0]


def test_a_missing_glyph_is_refused_and_named() -> None:
    with pytest.raises(MissingGlyph) as refused:
        commission_statement.draw(replace(statement(1), outlet_name="甲\ue123村邮站"))
    assert refused.value.character == "\ue123"
    assert "U+E123" in str(refused.value)


def test_a_line_break_inside_a_name_is_refused_too() -> None:
    with pytest.raises(MissingGlyph) as refused:
        font().operands("甲\n乙")
    assert refused.value.character == "\n"


def test_a_missing_glyph_is_found_while_measuring() -> None:
    with pytest.raises(MissingGlyph):
        font().width("甲\ue123")


def test_brackets_and_backslashes_are_text() -> None:
    pdf = commission_statement.draw(replace(statement(1), agent=r"a\(b)%<<c>>"))
    assert r"a\(b)%<<c>>" in text_of(pdf)[0]


def test_more_than_255_characters_beyond_the_primer_need_a_second_subset_and_read_back() -> None:
    names = "".join(chr(0x4E00 + step) for step in range(600))
    lines = [replace(line, component=names[at * 60 : at * 60 + 60]) for at, line in enumerate([_one()] * 10)]
    pdf = commission_statement.draw(replace(statement(0), components=tuple(lines), earned_fen=0))
    read = "".join(text_of(pdf))
    assert all(character in read for character in names)


def _one() -> commission_statement.ComponentLine:
    return commission_statement.ComponentLine("", "ALL", 0, 0, 0)


def test_every_font_in_the_file_is_an_embedded_subset_of_ours() -> None:
    pdf = commission_statement.draw(statement(60))
    assert b"Helvetica" not in pdf
    assert pdf.count(b"/FontFile2") == pdf.count(b"/Type /FontDescriptor") >= 3


def test_the_font_files_are_the_listed_ones() -> None:
    listed = {line.split()[1] for line in (FONT_FOLDER / "SHA256SUMS").read_text().splitlines()}
    assert listed == {"NotoSansSC_400Regular.ttf", "NotoSansSC_700Bold.ttf", "OFL.txt"}
    assert damaged_files() == []


def test_a_damaged_or_missing_font_file_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("SHA256SUMS", "OFL.txt"):
        (tmp_path / name).write_bytes((FONT_FOLDER / name).read_bytes())
    (tmp_path / "NotoSansSC_700Bold.ttf").write_bytes(b"half a file")
    monkeypatch.setattr(fonts, "FONT_FOLDER", tmp_path)
    assert damaged_files() == ["NotoSansSC_400Regular.ttf", "NotoSansSC_700Bold.ttf"]


def test_the_licence_is_carried_along() -> None:
    assert "SIL OPEN FONT LICENSE Version 1.1" in (FONT_FOLDER / "OFL.txt").read_text()


def test_lines_break_where_the_column_ends_and_keep_every_character() -> None:
    text = "箬横镇垟岙村民委员会便民服务中心村邮站"
    lines = wrap(font(), text, 9, 60)
    assert "".join(lines) == text
    assert len(lines) > 2
    assert all(font().width(line) * 9 / 1000 <= 60 for line in lines)


def test_closing_punctuation_never_begins_a_line() -> None:
    for width in range(30, 120):
        for line in wrap(font(), "一二三，四五。六（七八）九、十；甲乙丙", 9, width)[1:]:
            assert line[0] not in "，。）、；"


def test_opening_brackets_never_end_a_line() -> None:
    for width in range(30, 120):
        for line in wrap(font(), "一二三（四五六）七八（九十）甲乙", 9, width)[:-1]:
            assert line[-1] != "（"


def test_latin_words_break_at_spaces() -> None:
    lines = wrap(font(), "Collections entered twice were removed", 9, 80)
    assert " ".join(lines) == "Collections entered twice were removed"
    assert not any(line.startswith(" ") or line.endswith(" ") for line in lines)


def test_a_word_wider_than_its_column_is_cut() -> None:
    assert "".join(wrap(font(), "WL0042-20261103-0007", 9, 30)) == "WL0042-20261103-0007"
