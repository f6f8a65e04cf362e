"""What travels with the app, so that a cold server draws true pictures before torch is imported."""
