/* tests/unit/manifest_case.h - a manifest with a value for every key, as it is written */
#ifndef MANIFEST_CASE_H
#define MANIFEST_CASE_H

#define HEX "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static const char whole[] =
    "{\n"
    " \"format\": 1,\n"
    " \"name\": \"stats\",\n"
    " \"version\": \"1.5\",\n"
    " \"desc\": \"counts\",\n"
    " \"author\": \"me\",\n"
    " \"date\": 12,\n"
    " \"url\": \"u\",\n"
    " \"license\": \"MIT\",\n"
    " \"copyrights\": \"c\",\n"
    " \"tags\": [\n  \"a\",\n  \"b\"\n ],\n"
    " \"cons\": [\n  \"log>=2\"\n ],\n"
    " \"main\": \"stats\",\n"
    " \"argv\": [\n  \"FILE\"\n ],\n"
    " \"provides\": [\n  {\n   \"kind\": \"c\",\n   \"name\": \"zlib/inflate\",\n"
    "   \"origin\": \"libz.a member inflate.o\",\n   \"interface\": \"exports-1:" HEX "\",\n"
    "   \"implementation\": \"code-1:" HEX "\",\n   \"stateful\": true,\n"
    "   \"code\": \"native/x86_64-linux-gnu/stats.so\"\n  }\n ],\n"
    " \"requires\": [\n  {\n   \"kind\": \"library\",\n   \"name\": \"libc.so.6\",\n"
    "   \"implementation\": \"build-id:0123\"\n  }\n ],\n"
    " \"private\": [\n  \"x\"\n ],\n"
    " \"code\": [\n  {\n   \"path\": \"native/x86_64-linux-gnu/stats.so\",\n"
    "   \"kind\": \"native\",\n   \"triple\": \"x86_64-linux-gnu\",\n   \"libc\": \"glibc\"\n"
    "  }\n ],\n"
    " \"entries\": [\n  {\n   \"path\": \"native/x86_64-linux-gnu/stats.so\",\n"
    "   \"size\": 7,\n   \"sha256\": \"" HEX "\"\n  }\n ]\n"
    "}\n";

#endif
