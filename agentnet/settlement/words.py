"""What people read of settlement; translated where it is shown."""

from __future__ import annotations

from collections.abc import Mapping

from agentnet.core.money import Fen
from agentnet.core.words import translatable
from agentnet.settlement.rules import FACES_FEN, RemittanceState

REMITTANCE_STATES: Mapping[str, tuple[str, str]] = {
    RemittanceState.DECLARED: (translatable("在途，待确认"), "moving"),
    RemittanceState.CONFIRMED: (translatable("已到账"), "good"),
    RemittanceState.REJECTED: (translatable("未到账，已退回"), "bad"),
}
"""What a state is called, and the tone it is shown in."""

_FACES: Mapping[Fen, str] = {
    100_00: translatable("100 元"),
    50_00: translatable("50 元"),
    20_00: translatable("20 元"),
    10_00: translatable("10 元"),
    5_00: translatable("5 元"),
    1_00: translatable("1 元"),
    50: translatable("5 角"),
    10: translatable("1 角"),
}

FACES: Mapping[str, str] = {f"pieces_{face}": _FACES[face] for face in FACES_FEN}
"""What the notes and coins are called, by the form's field, largest first."""
