/*
 * src/image/elf_names.c - ELF: numbers to names, for machines, systems and flags
 *
 * rule  gABI and processor supplements; docs/machines.md is this table for people
 */
#include "elf_private.h"

/* ---- machines ------------------------------------------------------------------------------ */

/* A row fits when all that it names agrees; the first that fits counts. */
static const struct machine {
    uint32_t e_machine;
    unsigned bits; /* 0: either */
    enum { EITHER, LITTLE, BIG } order;
    uint32_t mask, flags; /* of e_flags */
    const char *name;
} machines[] = {
#define ANY 0, EITHER, 0, 0
#define BITS(n) n, EITHER, 0, 0
#define LITTLE(n) n, LITTLE, 0, 0
#define BIG(n) n, BIG, 0, 0
    { TN_EM_X86_64, BITS(64), "x86_64" },
    { TN_EM_X86_64, BITS(32), "x32" },
    { TN_EM_386, ANY, "i386" },
    { 6, ANY, "iamcu" },
    { TN_EM_AARCH64, LITTLE(64), "aarch64" },
    { TN_EM_AARCH64, BIG(64), "aarch64_be" },
    { TN_EM_AARCH64, LITTLE(32), "aarch64_ilp32" },
    { TN_EM_AARCH64, BIG(32), "aarch64_be_ilp32" },
    { TN_EM_ARM, LITTLE(0), "arm" },
    { TN_EM_ARM, BIG(0), "armeb" },
    { TN_EM_PPC, BIG(0), "ppc" },
    { TN_EM_PPC, LITTLE(0), "ppcle" },
    { TN_EM_PPC64, BIG(0), "ppc64" },
    { TN_EM_PPC64, LITTLE(0), "ppc64le" },
    { TN_EM_S390, BITS(64), "s390x" },
    { TN_EM_S390, BITS(32), "s390" },
    { TN_EM_RISCV, BITS(64), "riscv64" },
    { TN_EM_RISCV, BITS(32), "riscv32" },
    { TN_EM_LOONGARCH, BITS(64), "loongarch64" },
    { TN_EM_LOONGARCH, BITS(32), "loongarch32" },
    { TN_EM_MIPS, BIG(64), "mips64" },
    { TN_EM_MIPS, LITTLE(64), "mips64el" },
    { TN_EM_MIPS, 32, BIG, 0x20, 0x20, "mipsn32" },
    { TN_EM_MIPS, 32, LITTLE, 0x20, 0x20, "mipsn32el" },
    { TN_EM_MIPS, BIG(32), "mips" },
    { TN_EM_MIPS, LITTLE(32), "mipsel" },
    { 10, ANY, "mipsrs3le" },
    { 249, ANY, "nanomips" },
    { TN_EM_SPARC, ANY, "sparc" },
    { TN_EM_SPARC32PLUS, ANY, "sparc32plus" },
    { TN_EM_SPARCV9, ANY, "sparcv9" },
    { TN_EM_PARISC, BITS(32), "hppa" },
    { TN_EM_PARISC, BITS(64), "hppa64" },
    { TN_EM_IA_64, BITS(64), "ia64" },
    { TN_EM_IA_64, BITS(32), "ia64_32" },
    { TN_EM_ALPHA, ANY, "alpha" },
    { 41, ANY, "alpha" },
    { TN_EM_68K, ANY, "m68k" },
    { TN_EM_SH, LITTLE(0), "sh" },
    { TN_EM_SH, BIG(0), "sheb" },
    { 7, ANY, "i860" },
    { 36, ANY, "v800" },
    { 44, ANY, "tricore" },
    { 45, ANY, "arc" },
    { 93, ANY, "arccompact" },
    { 195, ANY, "arcv2" },
    { 46, ANY, "h8300" },
    { 47, ANY, "h8300h" },
    { 53, ANY, "coldfire" },
    { 75, ANY, "vax" },
    { 76, ANY, "cris" },
    { 83, ANY, "avr" },
    { 87, ANY, "v850" },
    { 0x9080, ANY, "v850" },
    { 88, ANY, "m32r" },
    { 0x9041, ANY, "m32r" },
    { 89, ANY, "mn10300" },
    { 0xbeef, ANY, "mn10300" },
    { 92, ANY, "or1k" },
    { 94, ANY, "xtensa" },
    { 0xabc7, ANY, "xtensa" },
    { 105, ANY, "msp430" },
    { 113, ANY, "nios2" },
    { 164, ANY, "hexagon" },
    { 189, LITTLE(0), "microblazeel" },
    { 189, BIG(0), "microblaze" },
    { 190, ANY, "cuda" },
    { 224, ANY, "amdgpu" },
    { 247, ANY, "bpf" },
    { 252, ANY, "csky" },
};

const char *tn_elf_machine_name(uint32_t e_machine, unsigned class_bits, enum tn_endian endian,
                                uint32_t e_flags)
{
    for (size_t i = 0; i < TN_COUNT(machines); i++) {
        const struct machine *m = &machines[i];
        if (m->e_machine == e_machine && (!m->bits || m->bits == class_bits) &&
            (m->order == EITHER || (m->order == BIG) == (endian == TN_BIG)) &&
            (e_flags & m->mask) == m->flags)
            return m->name;
    }
    return NULL;
}

/* ---- systems ------------------------------------------------------------------------------- */

/* EI_OSABI; `os` NULL where the value says nothing of the system a loader would be on. */
static const struct {
    uint8_t osabi;
    const char *name, *os;
} osabis[] = {
    { 0, "System V", NULL },
    { 1, "HP-UX", "hpux" },
    { 2, "NetBSD", "netbsd" },
    { 3, "GNU/Linux", NULL },
    { 6, "Solaris", "solaris" },
    { 7, "AIX", "aix" },
    { 8, "IRIX", "irix" },
    { 9, "FreeBSD", "freebsd" },
    { 10, "Tru64", "tru64" },
    { 12, "OpenBSD", "openbsd" },
    { 13, "OpenVMS", "openvms" },
    { 17, "CloudABI", "cloudabi" },
    { 64, "AMDGPU HSA or C6000", NULL },
    { 65, "ARM FDPIC or C6000", NULL },
    { 97, "ARM", NULL },
    { 255, "standalone", NULL },
};

const char *tn_elf_osabi_name(uint8_t osabi)
{
    for (size_t i = 0; i < TN_COUNT(osabis); i++)
        if (osabis[i].osabi == osabi)
            return osabis[i].name;
    return NULL;
}

const char *tn_elf_os_of_abi(uint8_t osabi)
{
    for (size_t i = 0; i < TN_COUNT(osabis); i++)
        if (osabis[i].osabi == osabi)
            return osabis[i].os;
    return NULL;
}

const char *tn_elf_abi_os_name(uint32_t os)
{
    static const char *const names[] = { "linux", "hurd", "solaris", "freebsd", "netbsd" };
    return os < TN_COUNT(names) ? names[os] : NULL;
}

static bool begins(const char *text, const char *prefix)
{
    return strncmp(text, prefix, strlen(prefix)) == 0;
}

/* First match counts: the longer of two that begin alike stands first. */
static const struct {
    const char *prefix, *os;
} interpreters[] = {
    { "/lib/ld-linux", "linux" },
    { "/lib64/", "linux" },
    { "/libx32/", "linux" },
    { "/lib/ld-musl-", "linux" },
    { "/lib/ld64.so", "linux" },
    { "/lib32/ld.so", "linux" },
    { "/system/bin/linker", "android" },
    { "/libexec/ld-elf", "freebsd" },
    { "/usr/libexec/ld-elf.so.2", "dragonfly" },
    { "/libexec/ld.elf_so", "netbsd" },
    { "/usr/libexec/ld.elf_so", "netbsd" },
    { "/usr/libexec/ld.so", "openbsd" },
    { "/usr/lib/ld.so.1", "solaris" },
    { "/usr/lib/amd64/ld.so.1", "solaris" },
    { "/usr/lib/sparcv9/ld.so.1", "solaris" },
    { "/lib/amd64/ld.so.1", "solaris" },
    { "/lib/64/ld.so.1", "solaris" },
    { "/usr/lib/libc.so.1", "solaris" },
    { "/system/runtime_loader", "haiku" },
    { "/usr/lib/hpux", "hpux" },
    { "/usr/lib/pa20_64/dld.sl", "hpux" },
};

const char *tn_elf_os_of_interpreter(const char *interpreter)
{
    for (size_t i = 0; i < TN_COUNT(interpreters); i++)
        if (begins(interpreter, interpreters[i].prefix))
            return interpreters[i].os;
    return NULL;
}

/* Whole names, or beginnings that end in '*'. */
static const struct {
    const char *name, *os;
} telling_needs[] = {
    { "libc.so.6", "linux" },     { "libc.so.6.1", "linux" }, { "ld-musl-*", "linux" },
    { "libc.musl-*", "linux" },   { "ld-linux*", "linux" },   { "libc.so.7", "freebsd" },
    { "libc.so.8", "dragonfly" }, { "libc.so.12", "netbsd" }, { "libroot.so", "haiku" },
};

/* Most names differ early: comparing byte by byte is over sooner than a call. */
static bool fits(const char *name, const char *pattern)
{
    for (; *pattern != '*'; name++, pattern++) {
        if (*name != *pattern)
            return false;
        if (!*name)
            return true;
    }
    return true;
}

static const char *os_of_need(const char *name)
{
    if (!begins(name, "lib") && !begins(name, "ld-"))
        return NULL;
    if (name[2] == 'b' && name[3] != 'c' && name[3] != 'r') /* most names end here */
        return NULL;
    for (size_t i = 0; i < TN_COUNT(telling_needs); i++)
        if (fits(name, telling_needs[i].name))
            return telling_needs[i].os;
    return NULL;
}

/* Beside "libc.so": musl has their contents in its libc, other systems number them. */
static bool is_android_need(const char *name)
{
    static const char *const names[] = { "libdl.so", "libm.so", "liblog.so", "libstdc++.so" };
    for (size_t i = 0; i < TN_COUNT(names); i++)
        if (fits(name, names[i]))
            return true;
    return false;
}

const char *tn_elf_os_of_needs(const tenon_need *needs, size_t count)
{
    bool plain_libc = false;
    for (size_t i = 0; i < count; i++) {
        const char *os = os_of_need(needs[i].name);
        if (os)
            return os;
        plain_libc = plain_libc || strcmp(needs[i].name, "libc.so") == 0;
    }
    for (size_t i = 0; plain_libc && i < count; i++)
        if (is_android_need(needs[i].name))
            return "android";
    return NULL;
}

/* ---- flags --------------------------------------------------------------------------------- */

struct word {
    uint32_t mask, value;
    const char *text;
};

/* The words whose bits are set, by one space; what no word explains in hexadecimal. */
static const char *join(struct tn_arena *arena, const struct word *words, size_t count,
                        uint32_t flags)
{
    char text[512];
    size_t size = 0;
    uint32_t left = flags;
    for (size_t i = 0; i < count; i++) {
        size_t length = strlen(words[i].text);
        if ((flags & words[i].mask) != words[i].value || size + length + 1 >= sizeof text)
            continue;
        if (size)
            text[size++] = ' ';
        memcpy(text + size, words[i].text, length);
        size += length;
        left &= ~words[i].mask;
    }
    text[size] = 0;
    if (!left)
        return tn_arena_string(arena, text);
    return tn_arena_format(arena, "%s%s0x%x", text, size ? " " : "", left);
}

static const struct word flag_words[] = {
    { 1, 1, "ORIGIN" },   { 2, 2, "SYMBOLIC" },         { 4, 4, "TEXTREL" },
    { 8, 8, "BIND_NOW" }, { 0x10, 0x10, "STATIC_TLS" },
};

static const struct word flag_1_words[] = {
#define BIT(n, text)                                                                               \
    {                                                                                              \
        1u << (n), 1u << (n), text                                                                 \
    }
    BIT(0, "NOW"),         BIT(1, "GLOBAL"),      BIT(2, "GROUP"),      BIT(3, "NODELETE"),
    BIT(4, "LOADFLTR"),    BIT(5, "INITFIRST"),   BIT(6, "NOOPEN"),     BIT(7, "ORIGIN"),
    BIT(8, "DIRECT"),      BIT(9, "TRANS"),       BIT(10, "INTERPOSE"), BIT(11, "NODEFLIB"),
    BIT(12, "NODUMP"),     BIT(13, "CONFALT"),    BIT(14, "ENDFILTEE"), BIT(15, "DISPRELDNE"),
    BIT(16, "DISPRELPND"), BIT(17, "NODIRECT"),   BIT(18, "IGNMULDEF"), BIT(19, "NOKSYMS"),
    BIT(20, "NOHDR"),      BIT(21, "EDITED"),     BIT(22, "NORELOC"),   BIT(23, "SYMINTPOSE"),
    BIT(24, "GLOBAUDIT"),  BIT(25, "SINGLETON"),  BIT(26, "STUB"),      BIT(27, "PIE"),
    BIT(28, "KMOD"),       BIT(29, "WEAKFILTER"), BIT(30, "NOCOMMON"),
};

const char *tn_elf_flag_words(struct tn_arena *arena, uint32_t flags)
{
    return join(arena, flag_words, TN_COUNT(flag_words), flags);
}

const char *tn_elf_flag_1_words(struct tn_arena *arena, uint32_t flags)
{
    return join(arena, flag_1_words, TN_COUNT(flag_1_words), flags);
}

static const struct word isa_words[] = {
    { 1, 1, "x86-64-baseline" },
    { 2, 2, "x86-64-v2" },
    { 4, 4, "x86-64-v3" },
    { 8, 8, "x86-64-v4" },
};

const char *tn_elf_isa_words(struct tn_arena *arena, uint32_t isa)
{
    return join(arena, isa_words, TN_COUNT(isa_words), isa);
}

static const struct word arm_words[] = {
    { 0xff000000, 0x05000000, "EABI5" }, { 0xff000000, 0x04000000, "EABI4" },
    { 0x400, 0x400, "hard-float" },      { 0x200, 0x200, "soft-float" },
    { 0x00800000, 0x00800000, "BE8" },
};
static const struct word mips_words[] = {
    { 0xf0000000, 0x00000000, "mips1" },
    { 0xf0000000, 0x10000000, "mips2" },
    { 0xf0000000, 0x20000000, "mips3" },
    { 0xf0000000, 0x30000000, "mips4" },
    { 0xf0000000, 0x40000000, "mips5" },
    { 0xf0000000, 0x50000000, "mips32" },
    { 0xf0000000, 0x60000000, "mips64" },
    { 0xf0000000, 0x70000000, "mips32r2" },
    { 0xf0000000, 0x80000000, "mips64r2" },
    { 0xf0000000, 0x90000000, "mips32r6" },
    { 0xf0000000, 0xa0000000, "mips64r6" },
    { 0xf000, 0x1000, "o32" },
    { 0xf000, 0x2000, "o64" },
    { 0x20, 0x20, "n32" },
    { 0x400, 0x400, "nan2008" },
    { 0x200, 0x200, "fp64" },
    { 0x1, 0x1, "noreorder" },
    { 0x2, 0x2, "pic" },
    { 0x4, 0x4, "cpic" },
};
static const struct word ppc64_words[] = { { 3, 1, "ELFv1" }, { 3, 2, "ELFv2" } };
static const struct word riscv_words[] = {
    { 1, 1, "RVC" },          { 6, 0, "soft-float" }, { 6, 2, "single-float" },
    { 6, 4, "double-float" }, { 6, 6, "quad-float" }, { 8, 8, "RVE" },
};
static const struct word loongarch_words[] = {
    { 7, 1, "soft-float" },
    { 7, 2, "single-float" },
    { 7, 3, "double-float" },
    { 0xc0, 0x40, "obj-v1" },
};
static const struct word sparc_words[] = {
    { 0x100, 0x100, "32PLUS" },
    { 0x200, 0x200, "UltraSPARC" },
    { 0x3, 0x1, "PSO" },
    { 0x3, 0x2, "RMO" },
};
static const struct word ia64_words[] = { { 0x10, 0x10, "ABI64" } };
static const struct word hppa_words[] = {
    { 0xffff, 0x20b, "PA-RISC 1.0" },
    { 0xffff, 0x210, "PA-RISC 1.1" },
    { 0xffff, 0x214, "PA-RISC 2.0" },
    { 0x80000, 0x80000, "wide" },
};

static const struct {
    uint16_t e_machine;
    const struct word *words;
    size_t count;
} machine_words[] = {
#define WORDS(machine, words)                                                                      \
    {                                                                                              \
        machine, words, TN_COUNT(words)                                                            \
    }
    WORDS(TN_EM_ARM, arm_words),
    WORDS(TN_EM_MIPS, mips_words),
    WORDS(TN_EM_PPC64, ppc64_words),
    WORDS(TN_EM_RISCV, riscv_words),
    WORDS(TN_EM_LOONGARCH, loongarch_words),
    WORDS(TN_EM_SPARC, sparc_words),
    WORDS(TN_EM_SPARC32PLUS, sparc_words),
    WORDS(TN_EM_SPARCV9, sparc_words),
    WORDS(TN_EM_IA_64, ia64_words),
    WORDS(TN_EM_PARISC, hppa_words),
};

const char *tn_elf_e_flags_words(struct tn_arena *arena, const struct tn_elf_header *header)
{
    for (size_t i = 0; i < TN_COUNT(machine_words); i++)
        if (machine_words[i].e_machine == header->e_machine)
            return join(arena, machine_words[i].words, machine_words[i].count, header->e_flags);
    return join(arena, NULL, 0, header->e_flags);
}
