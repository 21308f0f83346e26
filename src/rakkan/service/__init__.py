"""The service: a studio in the browser, a hub for a small community, and an open API."""
