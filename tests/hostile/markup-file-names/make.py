import os


def make(folder, course):
    """Names that a careless listing would act upon."""
    for name in (b"\x1b[2J\x1b[31mx", b"<script>alert(1)</script>"[:20], b"[red]x[/red]", b"{{ 7 * 191 }}", b"a\nb", b"\xff\xfe", "\u202egpj".encode(), b"-rf", b"$(id)"):
        with open(os.path.join(os.fsencode(folder), name.replace(b"/", b"_")), "w") as file:
            file.write("x")
