"""Racing: a search that trains each candidate on no more seeds than it takes to tell it from the best."""
