"""How a code base with findings takes gradlint up: suppressions, baseline, changed models only."""
