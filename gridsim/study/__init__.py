"""Many runs as one batch job: executors, resume, comparison."""
