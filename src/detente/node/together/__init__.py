"""Watching together: permissions, visits, media, the guest's desk, observations, daily reports."""
