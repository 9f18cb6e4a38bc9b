"""Lanes and the discipline: who runs, who is delivered, in which order; written once, with two directions.

`engine.py` is the door. Recording writes effects and completions into a `Sink`; serving reads them back and lets
the agent's own code run again, with the world gone.
"""
