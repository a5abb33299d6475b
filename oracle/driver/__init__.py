"""The driver of a study: it takes the lease, asks what comes next, has it trained, and records the results."""
