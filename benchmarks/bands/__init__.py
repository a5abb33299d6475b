"""Whether bands and intervals hold what they say, on made-up surfaces and on recorded ones."""
