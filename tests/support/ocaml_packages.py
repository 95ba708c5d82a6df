"""OCaml packages of Debian, unpacked into a folder and not installed, for tests and bench."""

import glob
import os
import subprocess
import sys

# A library each; most have a package with what is needed to run (.cmxs, .cma), too.
LIBRARIES = """
    alcotest angstrom astring base base64 batteries benchmark bigstringaf bin-prot biniou bos
    calendar cmdliner cohttp csexp cstruct csv ctypes easy-format extlib expat fieldslib fileutils
    fmt fpath gen graphics integers ipaddr jsonm logs lwt markup menhir mtime num ocamlgraph
    ocplib-endian opam-file-format ounit parsexp pcre ppx-deriving ppx-derivers ppx-sexp-conv ppxlib
    ptime qcheck re react result rresult sedlex sexplib sexplib0 sha sqlite3 ssl stdio topkg typerep
    tyxml uri uutf variantslib xmlm yojson zarith zip
""".split()

# What `make test` would have if it had unpacked anything: nothing is downloaded there.
KINDS = ("cmo", "cma", "cmi", "cmx", "cmxa", "cmxs")


def folder():
    """Where packages are unpacked: below the build tree, or where TENON_OCAML_PACKAGES says."""
    chosen = os.environ.get("TENON_OCAML_PACKAGES")
    return chosen or os.path.join(os.environ.get("TENON_BUILD", "build"), "ocaml-packages")


def _known():
    """Names of Debian's packages for the libraries, those that apt knows."""
    wanted = [name for library in LIBRARIES
              for name in ("lib%s-ocaml-dev" % library, "lib%s-ocaml" % library)]
    done = subprocess.run(["apt-cache", "show", "--no-all-versions", *wanted],
                          capture_output=True, text=True)
    names = [line.split()[1] for line in done.stdout.split("\n") if line.startswith("Package: ")]
    return sorted(set(names))


def _unpack(root, name):
    """A package that is downloaded, or is now."""
    debs = glob.glob(os.path.join(root, name + "_*.deb"))
    if not debs:
        done = subprocess.run(["apt-get", "-q", "download", name], cwd=root, capture_output=True,
                              text=True)
        debs = glob.glob(os.path.join(root, name + "_*.deb"))
        if not debs:
            print("not to be had: %s: %s" % (name, done.stderr.strip().split("\n")[-1]))
            return
    part = os.path.join(root, name + ".part")
    subprocess.run(["dpkg", "-x", debs[0], part], check=True)
    os.rename(part, os.path.join(root, name))
    os.remove(debs[0])


def fetch():
    """
    Downloads and unpacks what is not there yet; a package that cannot be had is named. Returns the
    names of those there are: each has a folder of its own.
    """
    root = folder()
    os.makedirs(root, exist_ok=True)
    there = set(unpacked())
    missing = [name for name in _known() if name not in there]
    if missing:  # all at once: reading apt's lists takes longer than most of the files
        subprocess.run(["apt-get", "-q", "download", *missing], cwd=root, capture_output=True)
    for name in missing:
        _unpack(root, name)
    return unpacked()


def unpacked():
    """Names of the packages that are there."""
    root = folder()
    if not os.path.isdir(root):
        return []
    return sorted(name for name in os.listdir(root)
                  if not name.endswith(".part") and os.path.isdir(os.path.join(root, name)))


# ---- other releases ------------------------------------------------------------------------------

# Compilers of other releases of Debian: what has their standard library, and what its ocamlobjinfo
# needs to run here.
RELEASES = {
    "bullseye": ["ocaml-nox", "ocaml-compiler-libs"],
    "trixie": ["ocaml", "libstdlib-ocaml-dev", "libstdlib-ocaml", "libcompiler-libs-ocaml-dev",
               "libc6", "libzstd1"],
}
KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"
APT = """Dir "%(dir)s";
Dir::Etc "%(dir)s/etc/apt";
Dir::State "%(dir)s/var/lib/apt";
Dir::State::status "%(dir)s/var/lib/dpkg/status";
Dir::Cache "%(dir)s/var/cache/apt";
APT::Sandbox::User "";
"""


def _private_apt(suite, directory):
    """The environment of an apt that knows only that suite and nothing as installed."""
    for name in ("etc/apt", "var/lib/apt/lists/partial", "var/cache/apt/archives/partial",
                 "var/lib/dpkg"):
        os.makedirs(os.path.join(directory, name), exist_ok=True)
    for name, text in (("var/lib/dpkg/status", ""), ("apt.conf", APT % {"dir": directory}),
                       ("etc/apt/sources.list",
                        "deb [signed-by=%s] http://deb.debian.org/debian %s main\n"
                        % (KEYRING, suite))):
        with open(os.path.join(directory, name), "w") as file:
            file.write(text)
    return dict(os.environ, APT_CONFIG=os.path.join(directory, "apt.conf"))


def fetch_release(suite):
    """The root into which that release's compiler is unpacked; None: it is not to be had."""
    base = os.path.abspath(folder()) + "-" + suite
    root = os.path.join(base, "root")
    if os.path.isdir(root):
        return root
    env = _private_apt(suite, os.path.join(base, "apt"))
    for words in (["update"], ["download", *RELEASES[suite]]):
        done = subprocess.run(["apt-get", "-q", *words], cwd=base, env=env, capture_output=True,
                              text=True)
        if done.returncode:
            print("not to be had: %s: %s" % (suite, done.stderr.strip().split("\n")[-1]))
            return None
    for deb in glob.glob(os.path.join(base, "*.deb")):
        subprocess.run(["dpkg", "-x", deb, root + ".part"], check=True)
        os.remove(deb)
    os.rename(root + ".part", root)
    return root


def objinfo_of(root):
    """The command that runs the ocamlobjinfo of an unpacked release, with its own C library if it
    has one."""
    program = os.path.join(root, "usr/bin/ocamlobjinfo.opt")
    libraries = os.path.join(root, "usr/lib/x86_64-linux-gnu")
    loader = os.path.join(libraries, "ld-linux-x86-64.so.2")
    return [loader, "--library-path", libraries, program] if os.path.exists(loader) else [program]


def standard_library():
    """The directory of the installed compiler's library; None without one."""
    try:
        done = subprocess.run(["ocamlc", "-where"], capture_output=True, text=True)
    except FileNotFoundError:
        return None
    return done.stdout.strip() if done.returncode == 0 else None


def files(directories, kinds=KINDS):
    """All regular OCaml files of those kinds below the directories, sorted."""
    found = []
    for directory in directories:
        for where, _, names in os.walk(directory):
            found += [os.path.join(where, name) for name in names
                      if name.rpartition(".")[2] in kinds]
    return sorted(path for path in found if os.path.isfile(path) and not os.path.islink(path))


if __name__ == "__main__":
    print("%d packages in %s" % (len(fetch()), folder()))
    sys.exit(0)
