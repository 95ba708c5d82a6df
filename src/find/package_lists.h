/* src/find/package_lists.h - what package systems write of the files they installed */
#ifndef TN_PACKAGE_LISTS_H
#define TN_PACKAGE_LISTS_H

#include "arena.h"
#include "words.h"

/* The paths that one package installed, by a text of its package system. False: no memory. */
typedef bool tn_parse_package(struct tn_arena *arena, const char *text, struct tn_words *paths);

tn_parse_package tn_parse_dpkg, tn_parse_pacman, tn_parse_apk, tn_parse_contents, tn_parse_portage;

#endif
