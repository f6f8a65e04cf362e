"""The lessons page: a list, one step at a time, an answer sheet, and what a teacher needs."""
