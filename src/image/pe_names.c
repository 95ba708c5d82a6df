/*
 * src/image/pe_names.c - PE and COFF: numbers and their names
 *
 * rule  Microsoft "PE Format", Machine Types, Characteristics, Windows Subsystem, DLL
 *       Characteristics. Machines have the names of docs/machines.md
 */
#include "pe_private.h"

static const struct machine {
    uint16_t machine;
    unsigned bits;
    const char *name;
} machines[] = {
    { 0x014c, 32, "i386" },        { 0x8664, 64, "x86_64" },      { 0xaa64, 64, "aarch64" },
    { 0xa641, 64, "arm64ec" },     { 0xa64e, 64, "arm64x" },      { 0x01c4, 32, "arm" },
    { 0x01c0, 32, "arm" },         { 0x01c2, 32, "arm" },         { 0x3a64, 32, "chpe_x86" },
    { 0x0200, 64, "ia64" },        { 0x0184, 32, "alpha" },       { 0x0284, 64, "alpha64" },
    { 0x0162, 32, "mipsel" },      { 0x0166, 32, "mipsel" },      { 0x0168, 32, "mipsel" },
    { 0x0169, 32, "mipsel" },      { 0x0266, 32, "mips16" },      { 0x0366, 32, "mipsel" },
    { 0x0466, 32, "mips16" },      { 0x01f0, 32, "ppcle" },       { 0x01f1, 32, "ppcle" },
    { 0x01a2, 32, "sh" },          { 0x01a3, 32, "sh" },          { 0x01a6, 32, "sh" },
    { 0x01a8, 32, "sh" },          { 0x01d3, 32, "mn10300" },     { 0x0ebc, 64, "ebc" },
    { 0x5032, 32, "riscv32" },     { 0x5064, 64, "riscv64" },     { 0x5128, 64, "riscv128" },
    { 0x6232, 32, "loongarch32" }, { 0x6264, 64, "loongarch64" }, { 0x9041, 32, "m32r" },
    { 0xc0ee, 32, "cee" },
};

static const struct machine *find_machine(uint16_t number)
{
    for (size_t i = 0; i < TN_COUNT(machines); i++)
        if (machines[i].machine == number)
            return &machines[i];
    return NULL;
}

const char *tn_pe_machine_name(uint16_t machine)
{
    const struct machine *m = find_machine(machine);
    return m ? m->name : NULL;
}

unsigned tn_pe_machine_bits(uint16_t machine)
{
    const struct machine *m = find_machine(machine);
    return m ? m->bits : 0;
}

const char *tn_pe_subsystem_name(uint16_t subsystem)
{
    static const char *const names[] = {
        [1] = "native",
        [2] = "windows-gui",
        [3] = "windows-cui",
        [5] = "os2-cui",
        [7] = "posix-cui",
        [8] = "native-windows",
        [9] = "windows-ce-gui",
        [10] = "efi-application",
        [11] = "efi-boot-service-driver",
        [12] = "efi-runtime-driver",
        [13] = "efi-rom",
        [14] = "xbox",
        [16] = "windows-boot-application",
        [17] = "xbox-code-catalog",
    };
    return subsystem < TN_COUNT(names) ? names[subsystem] : NULL;
}

struct flag {
    uint16_t bit;
    const char *word;
};

static const char *words_of(struct tn_arena *arena, uint16_t value, const struct flag *flags,
                            size_t count)
{
    const char *text = "";
    for (size_t i = 0; text && i < count; i++)
        if (value & flags[i].bit)
            text = tn_arena_format(arena, "%s%s%s", text, *text ? " " : "", flags[i].word);
    return text;
}

const char *tn_pe_characteristics_words(struct tn_arena *arena, uint16_t characteristics)
{
    static const struct flag flags[] = {
        { 0x0001, "RELOCS_STRIPPED" },
        { 0x0002, "EXECUTABLE_IMAGE" },
        { 0x0004, "LINE_NUMS_STRIPPED" },
        { 0x0008, "LOCAL_SYMS_STRIPPED" },
        { 0x0020, "LARGE_ADDRESS_AWARE" },
        { 0x0100, "32BIT_MACHINE" },
        { 0x0200, "DEBUG_STRIPPED" },
        { 0x0400, "REMOVABLE_RUN_FROM_SWAP" },
        { 0x0800, "NET_RUN_FROM_SWAP" },
        { 0x1000, "SYSTEM" },
        { 0x2000, "DLL" },
        { 0x4000, "UP_SYSTEM_ONLY" },
    };
    return words_of(arena, characteristics, flags, TN_COUNT(flags));
}

const char *tn_pe_dll_words(struct tn_arena *arena, uint16_t dll_characteristics)
{
    static const struct flag flags[] = {
        { 0x0020, "HIGH_ENTROPY_VA" },
        { 0x0040, "DYNAMIC_BASE" },
        { 0x0080, "FORCE_INTEGRITY" },
        { 0x0100, "NX_COMPAT" },
        { 0x0200, "NO_ISOLATION" },
        { 0x0400, "NO_SEH" },
        { 0x0800, "NO_BIND" },
        { 0x1000, "APPCONTAINER" },
        { 0x2000, "WDM_DRIVER" },
        { 0x4000, "GUARD_CF" },
        { 0x8000, "TERMINAL_SERVER_AWARE" },
    };
    return words_of(arena, dll_characteristics, flags, TN_COUNT(flags));
}
