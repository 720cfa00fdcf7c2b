"""What is studied: frozen dataclasses of read-only arrays, checked once."""
