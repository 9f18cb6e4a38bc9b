"""What runs inside of the program that is replayed: the recording answers in place of the world.

It is the SDK's, so that a replay needs in the agent's environment what recording needed, and nothing more. Who starts
the program, compares and tells is `playhead_replay`.
"""
