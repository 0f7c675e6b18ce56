"""The parts of the update client, each loaded when it is needed."""
