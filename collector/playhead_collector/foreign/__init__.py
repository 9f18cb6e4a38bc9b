"""Exports of other platforms as the spans that their own OpenTelemetry emitters would have sent; see requests.py."""
