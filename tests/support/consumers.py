"""Builds and installs a program by each consumer of what tenon find wrote."""

import os
import random
import shutil
import subprocess

import tenon
from report import wants_all

# No variable of the loader may help: the truth is whether the installed program runs.
CLEAN = {name: value for name, value in os.environ.items()
         if not name.startswith(("LD_", "CMAKE_")) and name not in ("LIBRARY_PATH", "CPATH")}


class Failed(Exception):
    """A consumer could not build, install or start the program."""


def run(command, cwd, env=None, shell=False):
    done = subprocess.run(command, cwd=cwd, env=env or CLEAN, shell=shell, text=True,
                          stdin=subprocess.DEVNULL, capture_output=True, errors="replace")
    if done.returncode != 0:
        shown = command if shell else " ".join(command)
        raise Failed("%s: status %d\n%s%s" % (shown, done.returncode, done.stdout[-1500:],
                                             done.stderr[-1500:]))
    return done.stdout


def variable(name):
    return "".join(c if c.isalnum() else "_" for c in name)


def _quoted(path):
    return "'" + path.replace("'", "'\\''") + "'"


def by_make(conf, work, name):
    """The variables themselves, as a Makefile of a package uses them."""
    text = """include {conf}/conf-{name}.mk
CPP := $(if $(CONF_{v}_DEFS),$(CONF_{v}_DEFS),-I$(CONF_{v}_INCDIR))
LIB := $(if $(CONF_{v}_LIBS),$(CONF_{v}_LIBS),-L$(CONF_{v}_LIBDIR) -l{name})
comma := ,
DIRS := $(patsubst -L%,%,$(filter -L%,$(LIB)))
RUN := $(if $(filter yes,$(CONF_{v}_NEED_RPATH)),$(foreach d,$(DIRS),-Wl$(comma)-rpath$(comma)$(d)))
prog: prog.c
\tcc $(CPP) -o $@ prog.c $(RUN) $(LIB)
install: prog
\tmkdir -p out && cp prog out/prog
""".format(conf=conf, name=name, v=variable(name))
    with open(os.path.join(work, "Makefile"), "w", encoding="utf-8") as file:
        file.write(text)
    run(["make", "-s", "install"], work)


def by_flags(conf, work, name):
    """CPPFLAGS, LDFLAGS and LIBS joined by tenon flags, in a make rule."""
    flags = run([tenon.command(), "flags", "--from", conf, name], work)
    with open(os.path.join(work, "Makefile"), "w", encoding="utf-8") as file:
        file.write(flags + "install:\n\tcc $(CPPFLAGS) -o prog prog.c $(LDFLAGS) $(LIBS)\n"
                   "\tmkdir -p out && cp prog out/prog\n")
    run(["make", "-s", "install"], work)


def by_sh(conf, work, name):
    """A shell script that reads conf-NAME.sh."""
    script = """. {conf}/conf-{name}.sh
if test -n "${{CONF_{v}_DEFS-}}"; then cpp=$CONF_{v}_DEFS; else cpp="-I$CONF_{v}_INCDIR"; fi
if test -n "${{CONF_{v}_LIBS-}}"; then lib=$CONF_{v}_LIBS
else lib="-L$CONF_{v}_LIBDIR -l{name}"; fi
run=
if test "$CONF_{v}_NEED_RPATH" = yes; then
    eval "set -- $lib"
    for word; do case $word in -L*)
        run="$run -Xlinker -rpath -Xlinker '$(printf %s "${{word#-L}}" | sed "s/'/'\\\\\\\\''/g")'" ;;
    esac; done
fi
eval "cc $cpp -o prog prog.c $run $lib" && mkdir -p out && cp prog out/prog
""".format(conf=_quoted(conf), name=name, v=variable(name))
    run(["sh", "-ec", script], work)


def by_pc(conf, work, name):
    env = dict(CLEAN, PKG_CONFIG_PATH=conf)
    run(["sh", "-ec", 'eval "cc -o prog prog.c $(pkg-config --cflags --libs %s)"\n'
         "mkdir -p out && cp prog out/prog" % name], work, env)


def by_cmake(conf, work, name):
    with open(os.path.join(work, "CMakeLists.txt"), "w", encoding="utf-8") as file:
        file.write('cmake_minimum_required(VERSION 3.13)\nproject(user C)\n'
                   'include("%s/%s-config.cmake")\nadd_executable(prog prog.c)\n'
                   "target_link_libraries(prog PRIVATE tenon::%s)\n"
                   "install(TARGETS prog DESTINATION .)\n"
                   % (conf.replace("\\", "\\\\").replace('"', '\\"'), name, name))
    run(["cmake", "-S", ".", "-B", "build", "-DCMAKE_INSTALL_PREFIX=" + os.path.join(work, "out")],
        work)
    run(["cmake", "--build", "build"], work)
    run(["cmake", "--install", "build"], work)


def by_meson(conf, work, name):
    os.makedirs(os.path.join(work, "conf"), exist_ok=True)
    shutil.copy(os.path.join(conf, name, "meson.build"), os.path.join(work, "conf"))
    with open(os.path.join(work, "meson.build"), "w", encoding="utf-8") as file:
        file.write("project('user', 'c')\nsubdir('conf')\n"
                   "executable('prog', 'prog.c', dependencies: conf_%s_dep, install: true,\n"
                   "  install_dir: get_option('prefix'))\n" % variable(name))
    run(["meson", "setup", "build", "--prefix=" + os.path.join(work, "out")], work)
    run(["ninja", "-C", "build"], work)
    run(["meson", "install", "-C", "build"], work)


# consumer: (format that tenon find writes, function, program that must be there)
ALL = {
    "make": ("make", by_make, "make"),
    "flags": ("make", by_flags, "make"),
    "sh": ("sh", by_sh, "sh"),
    "pc": ("pc", by_pc, "pkg-config"),
    "cmake": ("cmake", by_cmake, "cmake"),
    "meson": ("meson", by_meson, "meson"),
}


def there():
    """The consumers whose tools are installed."""
    return [name for name, row in ALL.items() if shutil.which(row[2])]


def some(key):
    """The first and one other that the key chooses; with TENON_CHECK=all every one."""
    names = there()
    if wants_all() or len(names) < 3:
        return names
    return [names[0], random.Random(key).choice(names[1:])]


def consume(consumer, conf, work, name, source):
    """What the program prints that the consumer has built and installed."""
    os.makedirs(work)
    with open(os.path.join(work, "prog.c"), "w", encoding="utf-8") as file:
        file.write(source)
    ALL[consumer][1](conf, work, name)
    shutil.rmtree(os.path.join(work, "build"), ignore_errors=True)
    return run([os.path.join(work, "out", "prog")], "/")
