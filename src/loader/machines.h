/* src/loader/machines.h - the e_machine values that the loaders' tables speak of */
#ifndef TN_MACHINES_H
#define TN_MACHINES_H

enum {
    EM_SPARC = 2,
    EM_386 = 3,
    EM_68K = 4,
    EM_MIPS = 8,
    EM_PARISC = 15,
    EM_SPARC32PLUS = 18,
    EM_PPC = 20,
    EM_PPC64 = 21,
    EM_S390 = 22,
    EM_ARM = 40,
    EM_SH = 42,
    EM_SPARCV9 = 43,
    EM_IA_64 = 50,
    EM_X86_64 = 62,
    EM_VAX = 75,
    EM_OPENRISC = 92,
    EM_AARCH64 = 183,
    EM_MICROBLAZE = 189,
    EM_RISCV = 243,
    EM_LOONGARCH = 258,
    EM_ALPHA = 0x9026,
};

#endif
