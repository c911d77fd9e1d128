"""Values with no business meaning: clock texts, digests, errors, frames, limits."""
