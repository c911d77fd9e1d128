"""Plumbing without business words: the database, HTTP, secrets, clock and logs.

Each module is imported by its own name, so that a command which needs no HTTP pays for none.
"""
