"""The front ends of threadbot and the place where everything is put together."""
