"""What every collection owes its users, tried on each field that its schema has."""
