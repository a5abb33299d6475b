"""What comes next at a level: a pure state machine, the candidates it has seen, and who proposes new ones."""
