import os

text = repr(dict(os.environ))
for pid in os.listdir("/proc"):
    try:
        with open(f"/proc/{pid}/environ", "rb") as file:
            text += repr(file.read())
    except OSError:
        continue
for word in ("hunter2", "HOSTILE_SECRET", "AWS_", "GITHUB_TOKEN", "SSH_AUTH_SOCK", "PYTEST_CURRENT_TEST"):
    if word in text:
        print("LOOT", word)
print("TRIED")
