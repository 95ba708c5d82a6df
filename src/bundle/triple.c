/*
 * src/bundle/triple.c - which systems code is for
 *
 * rule  Debian's multiarch tuples where there is one; musl's as Alpine and musl-tools write them
 */
#include "triple.h"

#include <stdio.h>
#include <string.h>
#include <sys/auxv.h>

#include "fail.h"
#include "view.h"

/* Machines whose name depends on class or byte order; the others are named as they are. */
static const struct {
    const char *machine;
    unsigned class_bits; /* 0: any */
    enum tenon_endian endian;
    const char *name, *suffix; /* the suffix of the C library's name */
} machines[] = {
    { "x86_64", 32, TENON_ENDIAN_LITTLE, "x86_64", "x32" },
    { "ppc64", 64, TENON_ENDIAN_LITTLE, "powerpc64le", "" },
    { "ppc64", 64, TENON_ENDIAN_BIG, "powerpc64", "" },
    { "ppc", 32, TENON_ENDIAN_BIG, "powerpc", "" },
    { "aarch64", 64, TENON_ENDIAN_BIG, "aarch64_be", "" },
    { "arm", 32, TENON_ENDIAN_BIG, "armeb", "" },
    { "mips", 32, TENON_ENDIAN_LITTLE, "mipsel", "" },
    { "mips", 64, TENON_ENDIAN_LITTLE, "mips64el", "abi64" },
    { "mips", 64, TENON_ENDIAN_BIG, "mips64", "abi64" },
};

static bool names_musl(const char *name)
{
    return strncmp(name, "ld-musl-", 8) == 0 || strncmp(name, "libc.musl-", 10) == 0 ||
           strcmp(name, "libc.so") == 0;
}

static bool names_glibc(const char *name)
{
    return strncmp(name, "libc.so.", 8) == 0 || strncmp(name, "ld-linux", 8) == 0 ||
           strncmp(name, "ld64.so.", 8) == 0 || strncmp(name, "ld.so.", 6) == 0;
}

static const char *libc_named(const char *name)
{
    return names_musl(name) ? "musl" : names_glibc(name) ? "glibc" : NULL;
}

static const char *libc_of(const tenon_image *image)
{
    const char *interpreter = tenon_image_interpreter(image), *libc = NULL;
    const tenon_version *version;
    const tenon_need *need;

    if (interpreter) {
        const char *slash = strrchr(interpreter, '/');
        libc = libc_named(slash ? slash + 1 : interpreter);
    }
    for (size_t i = 0; !libc && (need = tenon_image_need(image, i)); i++)
        libc = libc_named(need->name);
    for (size_t i = 0; !libc && (version = tenon_image_version_need(image, i)); i++)
        if (strncmp(version->name, "GLIBC_", 6) == 0)
            libc = "glibc";
    return libc;
}

bool tn_triple_of(const tenon_image *image, struct tn_triple *out, tenon_error *err)
{
    const char *machine = tenon_image_machine(image), *os = tenon_image_os(image);
    const char *suffix = "", *libc = libc_of(image);

    if (!machine || (os && strcmp(os, "linux") != 0))
        return tn_fail(err, TENON_E_UNSUPPORTED, "code for %s: no bundle can carry that yet",
                       machine ? os : "a machine without a name");
    for (size_t i = 0; i < TN_COUNT(machines); i++)
        if (strcmp(machines[i].machine, machine) == 0 &&
            machines[i].class_bits == tenon_image_class(image) &&
            machines[i].endian == tenon_image_endian(image)) {
            suffix = machines[i].suffix;
            machine = machines[i].name;
            break;
        }
    out->libc = libc;
    if (!libc)
        snprintf(out->text, sizeof out->text, "%s-linux", machine);
    else
        snprintf(out->text, sizeof out->text, "%s-linux-%s%s", machine,
                 strcmp(libc, "musl") == 0 ? "musl" : "gnu", suffix);
    return true;
}

/* rule  a program's loader joins it with libraries of its own machine and C library alone */
bool tn_triple_own(struct tn_triple *out)
{
#if defined __linux__ && defined __GLIBC__ && defined __LP64__ && defined __x86_64__
    static const char own[] = "x86_64-linux-gnu";
#elif defined __linux__ && defined __GLIBC__ && defined __LP64__ && defined __AARCH64EL__
    static const char own[] = "aarch64-linux-gnu";
#else
    static const char own[] = ""; /* read what it is */
#endif
    if (!*own || !getauxval(AT_BASE)) /* no loader: linked statically, or started by its name */
        return false;
    out->libc = "glibc";
    memcpy(out->text, own, sizeof own);
    return true;
}

bool tn_triple_fits(const char *code, const char *wanted)
{
    size_t size;

    if (!code)
        return true;
    size = strlen(code);
    return strncmp(code, wanted, size) == 0 && (wanted[size] == '\0' || wanted[size] == '-') &&
           strncmp(wanted + size, "-linux", 6) != 0;
}

bool tn_triple_meets(const char *a, const char *b)
{
    return !a || !b || tn_triple_fits(a, b) || tn_triple_fits(b, a);
}
