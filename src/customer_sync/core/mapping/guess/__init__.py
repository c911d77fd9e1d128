"""What a field nobody mapped yet may be: by its name, by its values, by the fields around it."""
