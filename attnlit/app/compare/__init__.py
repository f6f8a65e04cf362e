"""The page that holds two texts, or two models, side by side, and patches heads from one into the other."""
