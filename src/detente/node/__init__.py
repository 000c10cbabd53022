"""Use cases and the clockwork: file, release, receive, acknowledge, deliver, watch deadlines."""
