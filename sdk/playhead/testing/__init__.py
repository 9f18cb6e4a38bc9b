"""For the tests of an agent: a recorder in memory, and ids, clock and randomness that are the same every time.

    from playhead.testing import recording

    def test_a_broken_lamp_is_refunded():
        with recording() as recorded:
            handle("the lamp arrived broken")
        assert [step.name for step in recorded.of_kind("tool")] == ["get_order", "refund"]

In pytest the fixture `playhead_recorder` is the same. Nothing is written to a disk or sent anywhere.
"""

from playhead.testing.deterministic import Clock, Ids, deterministic
from playhead.testing.recording import Recorded, RecordedStep, recording

__all__ = ["Clock", "Ids", "Recorded", "RecordedStep", "deterministic", "recording"]
