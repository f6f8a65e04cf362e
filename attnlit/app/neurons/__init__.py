"""The neurons page: heads whose attention falls with distance, what carries the fall, what removal does."""
