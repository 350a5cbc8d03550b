"""Helpers of the end-to-end tests: the real binary, real servers, real clients. No packages
beyond the standard library and PyYAML."""
