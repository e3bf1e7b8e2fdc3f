"""What stands between a model's interface and a server: address, budget, retries, recorded answers."""
