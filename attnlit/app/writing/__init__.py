"""The page of what a model writes: the sum that makes a word's logit, head by head."""
