"""The parallel run: the old sheet's figures for closed months beside ours, every difference explained line by line."""
