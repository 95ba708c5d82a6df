/* src/find/sample.c - the program that is compiled, linked and started */
#include <errno.h>
#include <stdio.h>

#include "fail.h"
#include "hunt.h"
#include "text.h"

/* stdio.h first: some headers use FILE without including it (jpeglib.h) */
static const char head[] = "#include <stddef.h>\n#include <stdio.h>\n";

/* a string or a number: C11 chooses by _Generic, C++ by overloads */
static const char printers[] =
    "static void tenon_string(const char *what, const char *text)\n"
    "{ printf(\"tenon %s %s\\n\", what, text ? text : \"\"); }\n"
    "static void tenon_number(const char *what, double number)\n"
    "{ printf(\"tenon %s %.15g\\n\", what, number); }\n"
    "#ifdef __cplusplus\n"
    "static void tenon_print(const char *what, const char *text) { tenon_string(what, text); }\n"
    "static void tenon_print(const char *what, char *text) { tenon_string(what, text); }\n"
    "template <typename number> static void tenon_print(const char *what, number value)\n"
    "{ tenon_number(what, (double)value); }\n"
    "#else\n"
    "#define tenon_print(what, value) _Generic((value), char *: tenon_string, \\\n"
    "    const char *: tenon_string, default: tenon_number)(what, value)\n"
    "#endif\n";

static void write_body(FILE *file, const struct tn_hunt *hunt)
{
    if (hunt->function)
        fputs("static void (*volatile tenon_keep)(void);\n", file);
    if (hunt->version_macro || hunt->version_function)
        fputs(printers, file);
    fputs("int main(void)\n{\n", file);
    if (hunt->function)
        fprintf(file, "    tenon_keep = (void (*)(void))(%s);\n", hunt->function);
    if (hunt->version_macro)
        fprintf(file, "    tenon_print(\"header\", %s);\n", hunt->version_macro);
    if (hunt->version_function)
        /* in parentheses a name that nothing declares is an error; else it would be an int's */
        fprintf(file, "    tenon_print(\"library\", (%s)());\n", hunt->version_function);
    fputs("    return 0;\n}\n", file);
}

bool tn_sample_write(struct tn_hunt *hunt, const char *path, tenon_error *err)
{
    char shown[TN_QUOTE_ROOM];
    FILE *file = fopen(path, "we");
    bool failed;

    if (!file)
        return tn_fail_system(err, errno, "%s", tn_quote(shown, path));
    fputs(head, file);
    if (hunt->define)
        fprintf(file, "#define %.*s %s\n", (int)strcspn(hunt->define, "="), hunt->define,
                hunt->define + strcspn(hunt->define, "=") + (strchr(hunt->define, '=') != NULL));
    for (const char *const *header = hunt->headers; header && *header; header++)
        fprintf(file, "#include <%s>\n", *header);
    write_body(file, hunt);
    failed = ferror(file);
    failed |= fclose(file) != 0;
    return !failed || tn_fail_system(err, errno, "writing %s", tn_quote(shown, path));
}
