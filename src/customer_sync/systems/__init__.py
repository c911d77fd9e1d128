"""One package per kind of system; none knows another, nor the engine."""
