"""Who drives a study: takes its lease, asks what comes next, has it trained, and records what came of it."""
