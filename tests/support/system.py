"""The dynamic ELF files of this system and who loads them."""

import os
import random
import stat

import elf
import loaders

SEED = 20261121


class Image:
    """One file: its real path, the loader of its kind, and whether it starts by itself."""

    def __init__(self, path, head, mode):
        self.path = path
        self.interp = head.interp
        self.is_program = head.e_type == elf.ET_EXEC or self.interp is not None
        self.privileged = bool(mode & (stat.S_ISUID | stat.S_ISGID))
        self.loader = self._loader(head)

    def needs_libraries(self):
        """False for files without DT_NEEDED: glibc traces those as "statically linked"."""
        image = elf.read(self.path)
        return image is not None and any(tag == elf.DT_NEEDED for _, tag, _ in image.dynamic())

    def _loader(self, head):
        """The path of a loader of this machine; None for files of others."""
        if "musl" in (self.interp or os.path.dirname(self.path)):
            return loaders.MUSL
        return {
            (64, elf.EM_X86_64): loaders.GLIBC,
            (32, elf.EM_386): loaders.GLIBC_32,
            (32, elf.EM_X86_64): loaders.GLIBC_X32,
        }.get((head.elf_class, head.e_machine) if head.order == "<" else None)


def dynamic_images(top="/usr"):
    """Every regular ELF file below `top` that a loader could join with libraries, sorted."""
    images = []
    for directory, _, names in os.walk(top):
        for name in names:
            path = os.path.join(directory, name)
            try:
                info = os.lstat(path)
            except OSError:
                continue
            if not stat.S_ISREG(info.st_mode):
                continue
            head = elf.read_head(path)
            if head is None or head.e_type not in (elf.ET_EXEC, elf.ET_DYN):
                continue
            if head.has_dynamic:
                images.append(Image(path, head, info.st_mode))
    return sorted(images, key=lambda image: image.path)


def sample(items, count):
    """The same `count` of `items` on every run."""
    if len(items) <= count:
        return list(items)
    return random.Random(SEED).sample(items, count)
