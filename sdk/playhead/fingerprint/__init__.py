"""What a run came from: its code, its packages, its interpreter. Taken once a process, in a thread beside the agent."""
