"""Grade hands-on MLOps labs: student code runs in a sandbox, trusted checks question it from outside."""

__version__ = "0.1.0"
