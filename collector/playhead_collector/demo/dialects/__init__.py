"""The dialects in which the demo's runs are sent: each turns a step into a span's name and attributes."""

from playhead_collector.demo.dialects.gen_ai import gen_ai
from playhead_collector.demo.dialects.openinference import openinference
from playhead_collector.demo.dialects.traceloop import traceloop
from playhead_collector.demo.dialects.vercel import vercel
from playhead_collector.demo.dialects.written import Dialect, Scope, Written

__all__ = ["Dialect", "Scope", "Written", "gen_ai", "openinference", "traceloop", "vercel"]
