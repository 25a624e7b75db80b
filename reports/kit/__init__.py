"""The tools every drawing shares: fonts, ink, paper, tables, blocks and the words of dates and amounts."""
