"""The books as finance reads them: trial balance, every account with its running balance, journal export."""
