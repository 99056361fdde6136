"""In-memory twins of the ports, shipped so that rules, forms and steps can be tried without a server."""
