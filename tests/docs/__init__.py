"""The pages as users read them."""
