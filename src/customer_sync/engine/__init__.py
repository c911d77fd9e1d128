"""The use cases: intake, absorb, deliver, verify, plan, publish; each a short story told once."""
