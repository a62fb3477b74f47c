"""Announcements by the calendar, over the real store, the real desk and the real channels."""
