"""Two small functions."""


def double(x):
    """Twice x."""
    ### BEGIN SOLUTION
    return 2 * x
    ### END SOLUTION


def greet(name):
    """Hello, name!"""
    ### BEGIN SOLUTION
    return f"Hello, {name}!"
    ### END SOLUTION
