"""What holds for the whole house: layers, the single commit, whole fen, permissions, migrations, documentation."""
