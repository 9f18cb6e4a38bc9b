"""What the agent's own code reads of the world besides the network: clocks, draws, environment, files, processes.

Each is recorded when the agent's code reads it, and left alone when the machinery beneath does.
"""
