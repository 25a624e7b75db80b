"""The benches: what the product claims about its speed, measured on this machine against a limit and a peer."""
