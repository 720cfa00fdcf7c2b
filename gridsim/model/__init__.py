"""The system under study: frozen dataclasses of read-only arrays, checked once."""
