def make(folder, course):
    (folder / "root").symlink_to("/")
    (folder / "conftest.py").symlink_to(course / "autograder/graders/02-iris-slicing/test_hidden.py")
    (folder / "datasets").symlink_to(course)
