"""How long cash lies at outlets that could have banked it: remittance days, missed opportunities, suspension."""
