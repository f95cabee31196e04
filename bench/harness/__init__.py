"""What bench/run is made of: servers, rows, pairs, reports."""
