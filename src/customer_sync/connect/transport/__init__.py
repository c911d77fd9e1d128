"""Transports perform the calls that connectors yield; one module for each kind of call."""
