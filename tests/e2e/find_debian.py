#!/usr/bin/env python3
"""
Libraries of this Debian: found, and used by a program that every consumer builds, installs and
starts. `make test` takes a fixed sample; TENON_CHECK=all takes all that are installed, of which
there must be 60; names given as arguments are taken alone.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))

import build  # noqa: E402
import consumers  # noqa: E402
import tenon  # noqa: E402
from report import Report  # noqa: E402

build.needs("gcc", "make")

# name: an expression of it; the headers are those of the list of known libraries
LIBRARIES = {
    "z": "zlibVersion()[0]", "ssl": "SSL_CTX_new(TLS_method()) != 0",
    "crypto": "OpenSSL_version_num()", "xml2": "xmlCheckVersion(20000), 1",
    "xslt": "xsltInit(), 1", "exslt": "exsltRegisterAll(), 1", "ncurses": "curses_version()[0]",
    "ncursesw": "curses_version()[0]", "tinfo": "tparm(\"x\") != 0", "panel": "(void *)new_panel != 0",
    "form": "(void *)new_form != 0", "menu": "(void *)new_menu != 0", "readline": "rl_library_version[0]",
    "history": "(using_history(), 1)", "gmp": "gmp_version[0]", "X11": "XInitThreads() || 1",
    "Xext": "XSetExtensionErrorHandler(0) || 1", "Xft": "XftGetVersion()",
    "Xrender": "(void *)XRenderQueryVersion != 0", "Xt": "(XtToolkitInitialize(), 1)",
    "Xau": "XauFileName() || 1", "Xdmcp": "(void *)XdmcpAllocARRAY8 != 0",
    "ICE": "IceProcessMessagesSuccess + 1", "SM": "SmProtoMajor", "xcb": "xcb_connect(\"none\", 0) != 0",
    "sqlite3": "sqlite3_libversion_number()", "png": "png_access_version_number()",
    "png16": "png_access_version_number()", "jpeg": "JPEG_LIB_VERSION", "expat": "XML_ExpatVersion()[0]",
    "ffi": "FFI_DEFAULT_ABI || 1", "freetype": "FT_Init_FreeType(&(FT_Library){ 0 }) == 0",
    "fontconfig": "FcGetVersion()", "lzma": "lzma_version_number()", "bz2": "BZ2_bzlibVersion()[0]",
    "brotlidec": "BrotliDecoderVersion()", "brotlienc": "BrotliEncoderVersion()",
    "jansson": "json_object() != 0", "popt": "poptStrerror(0)[0]", "sodium": "sodium_init() >= 0",
    "zip": "zip_libzip_version()[0]", "yaml": "yaml_get_version_string()[0]",
    "gcrypt": "gcry_check_version(0) != 0", "gpg-error": "gpg_error_check_version(0) != 0",
    "gnutls": "gnutls_check_version(0) != 0", "nettle": "nettle_get_hashes() != 0",
    "tasn1": "asn1_check_version(0) != 0", "idn2": "idn2_check_version(0) != 0",
    "p11-kit": "p11_kit_message() == 0 || 1", "icuuc": "(u_getVersion((unsigned char[4]){ 0 }), 1)",
    "icui18n": "ucol_countAvailable()", "icuio": "u_get_stdout() != 0",
    "glib-2.0": "glib_major_version", "gobject-2.0": "g_type_fundamental_next() != 0",
    "gio-2.0": "g_file_new_for_path(\"/\") != 0", "gmodule-2.0": "g_module_supported() || 1",
    "gthread-2.0": "glib_major_version", "magic": "magic_version()", "selinux": "is_selinux_enabled() + 2",
    "sepol": "sepol_policy_kern_vers_max()", "mount": "mnt_get_library_version(0)",
    "blkid": "blkid_get_library_version(0, 0)",
    "uuid": "(uuid_generate((unsigned char[16]){ 0 }), 1)", "elf": "elf_version(EV_CURRENT)",
    "db": "db_version(0, 0, 0) != 0", "ltdl": "lt_dlinit() == 0", "pq": "PQlibVersion()",
    "tcl8.6": "TCL_MAJOR_VERSION", "pcre2-8": "PCRE2_MAJOR", "tirpc": "(void *)setnetconfig != 0",
    "vulkan": "VK_HEADER_VERSION", "EGL": "(void *)eglInitialize != 0", "GL": "(void *)glGetError != 0",
    "GLU": "(void *)gluGetString != 0", "z3": "Z3_get_full_version()[0]",
    "crypt": "crypt(\"a\", \"aa\") || 1", "m": "cosl(0) > 0", "resolv": "res_init() || 1",
    "curl": "curl_version()[0]", "gtk-3": "gtk_get_major_version()", "cmocka": "(void *)_fail != 0",
    "zstd": "ZSTD_versionNumber()", "lz4": "LZ4_versionNumber()", "uv": "uv_version()",
}
SAMPLE = ["z", "popt", "sqlite3"]
LEAST = 60
# headers come from the list, which a consumer's program must include the same way
EXTRA = {"cmocka": "", "pcre2-8": "#define PCRE2_CODE_UNIT_WIDTH 8\n"}


def known():
    """name: its headers by the built-in list"""
    rows = {}
    out = subprocess.run([tenon.command(), "find", "--known"], check=True, capture_output=True,
                         text=True).stdout
    for line in out.splitlines():
        words = line.split()
        if words and not line.startswith("#"):
            headers = [w[7:] for w in words[1:] if w.startswith("header=")]
            rows[words[0]] = headers[0].split(",") if headers else []
    return rows


def source(name, headers):
    return "#include <stddef.h>\n#include <stdio.h>\n%s%s" \
           "int main(void) { printf(\"%%d\\n\", !!(%s)); return 0; }\n" \
           % (EXTRA.get(name, ""), "".join("#include <%s>\n" % h for h in headers),
              LIBRARIES[name])


def find(name, conf):
    """Writes the result for all consumers; (status, what was said)"""
    said = ""
    for form in ("sh", "pc", "cmake", "meson"):
        done = subprocess.run([tenon.command(), "find", "--write=" + conf, "--format=" + form,
                               name], capture_output=True, text=True, stdin=subprocess.DEVNULL,
                              env=dict(consumers.CLEAN, TENON_CACHE=os.path.join(conf, "cache")))
        said = done.stderr
        if done.returncode != 0:
            return done.returncode, said
    return 0, said


def check_library(top, name, headers):
    """[(consumer, what went wrong or None)]; None when the library is not installed."""
    conf = os.path.join(top, name)
    os.makedirs(conf)
    status, said = find(name, conf)
    if status != 0:
        return None if "no " + headers[-1] in said or "cannot find -l" in said else [("find", said)]
    rows = []
    for consumer in consumers.there():
        try:
            out = consumers.consume(consumer, conf, os.path.join(conf, "work-" + consumer), name,
                                    source(name, headers)).strip()
            rows.append((consumer, None if out == "1" else "it prints %r" % out))
        except consumers.Failed as failure:
            rows.append((consumer, str(failure)))
    return rows


def main():
    report = Report()
    whole = os.environ.get("TENON_CHECK") == "all"
    headers = known()
    names = sys.argv[1:] or (list(LIBRARIES) if whole else SAMPLE)
    top = tempfile.mkdtemp(prefix="tenon-find-debian-")
    found = 0
    try:
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            answers = pool.map(lambda name: check_library(top, name, headers[name]), names)
            for name, rows in zip(names, answers):
                if rows is None:
                    report.note("not installed: " + name)
                    continue
                found += all(failure is None for _, failure in rows)
                for consumer, failure in rows:
                    report.check("%s, %s" % (name, consumer), None, failure)
    finally:
        shutil.rmtree(top, ignore_errors=True)
    report.note("%d libraries of %d, each by %d consumers" % (found, len(names),
                                                              len(consumers.there())))
    if whole and not sys.argv[1:]:
        report.check("at least %d libraries" % LEAST, True, found >= LEAST)
    report.finish()


if __name__ == "__main__":
    main()
