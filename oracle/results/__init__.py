"""What the database says of a study: its status, its levels with their intervals, its runs, its signs."""
