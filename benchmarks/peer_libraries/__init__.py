"""The libraries that peers.py measures beside numfuse, one file each."""
