"""Grade a class: find the submissions, grade them side by side, keep what came of them."""
