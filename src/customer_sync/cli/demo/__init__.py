"""The demonstration: real systems on this machine, brought into agreement."""
