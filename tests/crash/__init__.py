"""The process is killed for real, again and again; at the end everything must agree."""
