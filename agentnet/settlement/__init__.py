"""Day close, remittance and reconciliation: what agents, partners, bank and utility say is compared to the fen."""
