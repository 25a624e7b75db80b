"""What any plan a utility has signed pays, and why: a plan language, its evaluation, its working. Pure, whole fen.

In: ``reading.read_plan``, ``inputs``. Out: ``evaluating.month_of``, ``explaining.explain_collection``,
``explaining_month.explain_month``, ``differing.correction``, ``sharing.split``, ``withholding.withhold``. The
language is described in ``docs/plan-language.md``.
"""
