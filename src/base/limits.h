/* src/base/limits.h - named bounds: above any legitimate file, below harm */
#ifndef TN_LIMITS_H
#define TN_LIMITS_H

#include <stdint.h>

#define TN_LIMIT_STRING (1u << 20)          /* bytes of one recorded string */
#define TN_LIMIT_SEGMENTS (1u << 16)        /* program headers */
#define TN_LIMIT_SECTIONS (1u << 24)        /* section headers, as stored */
#define TN_LIMIT_DYNAMIC (1u << 16)         /* entries of a dynamic section */
#define TN_LIMIT_NEEDS 65535u               /* needed libraries of one image */
#define TN_LIMIT_VERSIONS 65535u            /* version definitions or requirements */
#define TN_LIMIT_NOTES 4096u                /* notes of one image */
#define TN_LIMIT_SYMBOLS (1u << 20)         /* symbols of one table: 48 bytes of ours each */
#define TN_LIMIT_SYMBOL_NAMES (256u << 20)  /* bytes of the names of all symbols of a table */
#define TN_LIMIT_NEED_NAMES (16u << 20)     /* bytes of the names of all needed libraries */
#define TN_LIMIT_OBJECT_SYMBOLS (1u << 22)  /* symbols of one SHT_SYMTAB */
#define TN_LIMIT_OBJECT_SECTIONS (1u << 20) /* sections of one relocatable object */
#define TN_LIMIT_UNITS (1u << 20)           /* units of one file */
#define TN_LIMIT_MEMBERS (1u << 20)         /* members of one archive */
#define TN_LIMIT_MARSHAL (64u << 20)        /* bytes of one marshalled value of OCaml's */
#define TN_LIMIT_OCAML_SECTIONS 1024u       /* sections of a program of bytecode */
#define TN_LIMIT_PACKAGE_FILES                                                                     \
    (1u << 14)                            /* pkg-config or dpkg files looked through for an owner  \
                                           */
#define TN_LIMIT_CONFIG (16u << 20)       /* bytes of a configuration file read whole */
#define TN_LIMIT_CACHE (256u << 20)       /* bytes of an ld.so.cache */
#define TN_LIMIT_INCLUDES 1024u           /* files that one ld.so.conf may include, in all */
#define TN_LIMIT_INCLUDE_DEPTH 32u        /* ... nested this deep */
#define TN_LIMIT_SYMLINKS 40              /* as Linux: then ELOOP */
#define TN_LIMIT_PATH 4096u               /* PATH_MAX of Linux: then ENAMETOOLONG */
#define TN_LIMIT_OBJECTS 65535u           /* objects of one process */
#define TN_LIMIT_ATTEMPTS (1u << 18)      /* candidates that one process may try */
#define TN_LIMIT_LIST_ELEMENTS (1u << 17) /* elements of one path list */
#define TN_LIMIT_SEGMENT_READ (1u << 30)  /* bytes of one range read at once */
#define TN_LIMIT_WORLD_CACHE (1u << 16)   /* paths a world remembers before it starts anew */
#define TN_LIMIT_WORDS (1u << 20)         /* words of a command, response files included */
#define TN_LIMIT_PC_SWITCHES 10000u       /* in all .pc files that one requires */
#define TN_LIMIT_REPORT (1u << 30)        /* bytes of a linker's map or trace */

#define TN_LIMIT_KNOWN (32u << 20)     /* bytes of the index of bundles */
#define TN_LIMIT_KNOWN_ROWS (1u << 16) /* bundles in it */
#define TN_LIMIT_CACHE_DEPTH 32u       /* directories that somebody made in the cache, nested */

/* Bundles: of hostile zips, what is stated; a bundle that somebody made is far below these. */
#define TN_LIMIT_BUNDLE (UINT64_C(2) << 30)          /* bytes of a bundle */
#define TN_LIMIT_BUNDLE_ENTRIES 16384u               /* entries of a bundle */
#define TN_LIMIT_BUNDLE_CONTENTS (UINT64_C(4) << 30) /* bytes of all its entries, taken out */
#define TN_LIMIT_ENTRY (UINT64_C(1) << 30)           /* bytes of one entry, taken out */
#define TN_LIMIT_ENTRY_NAME 1024u                    /* bytes of an entry's name */
#define TN_LIMIT_RATIO 250u                          /* taken out to stored ... */
#define TN_LIMIT_RATIO_FROM (1u << 20)               /* ... of entries at least this large */
#define TN_LIMIT_MANIFEST (16u << 20)                /* bytes of a manifest */
#define TN_LIMIT_PLUGIN_NAME 255u                    /* bytes of a plugin's name */

#endif
