"""HTTP routes, OpenAPI, authentication, live events."""
