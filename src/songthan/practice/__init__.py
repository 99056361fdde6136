"""What stands in for the world outside while we practise: the mail server and the people. Imports nothing of the engine."""
