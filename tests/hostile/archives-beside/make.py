import io
import tarfile
import zipfile


def make(folder, course):
    with zipfile.ZipFile(folder / "submission.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("zeros", bytes(50 << 20))
        archive.writestr("../../../slip.txt", "LOOT")
        archive.writestr("/etc/slip.txt", "LOOT")
    with tarfile.open(folder / "submission.tar", "w") as archive:
        link = tarfile.TarInfo("iris_slicing.ipynb")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        archive.addfile(link)
        archive.addfile(tarfile.TarInfo("../../slip.txt"), io.BytesIO())
