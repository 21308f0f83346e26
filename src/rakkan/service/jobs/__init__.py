"""The queue: jobs are accepted durably, shared fairly, leased to workers and delivered exactly once."""
