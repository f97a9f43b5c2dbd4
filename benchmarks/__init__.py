"""What the autograder costs, beside other graders on the same work in the same run: ``nox -s bench``."""
