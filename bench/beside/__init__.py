"""What stands behind bench/peers: environments, inputs, the peers, equality, timing, the table."""
