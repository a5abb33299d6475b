"""What comes next at a level: a pure state machine, the candidates so far, and the proposers of new ones."""
