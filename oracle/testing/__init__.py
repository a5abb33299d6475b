"""For tests of your own: a cluster that is not there, and trials whose outcomes are made up."""
