"""What the end-to-end tests share: the gateway as a process, byte-level and plain clients."""
