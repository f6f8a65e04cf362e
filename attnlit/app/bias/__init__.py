"""The bias page: two prompts that differ in one word, what that changes, and through which heads."""
