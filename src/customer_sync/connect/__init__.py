"""The connector port: what a connector is, how it is driven, and the kit that proves it."""
