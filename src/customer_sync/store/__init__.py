"""What a workspace keeps in PostgreSQL: each noun with its statements beside it."""
