"""Alerts: rules in SQL, asked of what arrived since they were asked last."""
