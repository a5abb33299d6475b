"""What the database says about a study: its status, its levels with their intervals, its runs, its signs."""
