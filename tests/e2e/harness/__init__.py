"""What tests/e2e/run is made of: an engine of its own, images, a small client, a list of scenarios."""
