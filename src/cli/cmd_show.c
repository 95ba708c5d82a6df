/* src/cli/cmd_show.c - what the linker recorded in an image */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ocaml.h"
#include "ocaml_print.h"
#include "show.h"

static const char *format_name(const tenon_image *image)
{
    return tenon_format_name(tenon_image_format(image));
}

static const char *kind_name(const tenon_image *image)
{
    return tenon_kind_name(tenon_image_kind(image));
}

static const char *endian_name(const tenon_image *image)
{
    enum tenon_endian endian = tenon_image_endian(image);

    return endian == TENON_ENDIAN_NONE ? NULL : tenon_endian_name(endian);
}

static int64_t class_bits(const tenon_image *image)
{
    return tenon_image_class(image);
}

static int64_t machine_code(const tenon_image *image)
{
    return tenon_image_machine_code(image);
}

const struct show_fact show_facts[] = {
    { .key = "format", .string = format_name },
    { .key = "class", .number = class_bits },
    { .key = "endian", .string = endian_name },
    { .key = "machine", .string = tenon_image_machine },
    { .key = "machine_code", .few = true, .number = machine_code },
    { .key = "os", .string = tenon_image_os },
    { .key = "kind", .string = kind_name },
    { .key = "pie", .flag = tenon_image_is_pie },
    { .key = "static", .flag = tenon_image_is_static },
    { .key = "own_name", .string = tenon_image_own_name },
    { .key = "interpreter", .string = tenon_image_interpreter },
    { .key = "build_id", .string = tenon_image_build_id },
    { .key = "uuid", .optional = true, .string = tenon_image_uuid },
    { .key = "pdb", .optional = true, .string = tenon_image_pdb },
    { .key = NULL },
};

const char *const show_need_lists[SHOW_NEED_LISTS] = { "needed", "filter", "auxiliary" };

const char *show_need_list(const tenon_need *need)
{
    switch (need->flavour) {
    case TENON_NEED_FILTER: return show_need_lists[1];
    case TENON_NEED_AUXILIARY: return show_need_lists[2];
    default: return show_need_lists[0];
    }
}

const char *show_symbol_type(const tenon_symbol *symbol)
{
    static const char *const names[] = { "notype", "object", "func", "section",
                                         "file",   "common", "tls" };
    enum { STT_GNU_IFUNC = 10 };

    if (symbol->type == STT_GNU_IFUNC)
        return "ifunc";
    return symbol->type < sizeof names / sizeof *names ? names[symbol->type] : NULL;
}

bool show_next_element(const tenon_search_path *path, const char **rest, const char **element,
                       size_t *size)
{
    if (!*rest)
        return false;
    *element = *rest;
    *size = strcspn(*rest, path->single ? "" : ":");
    *rest = (*rest)[*size] ? *rest + *size + 1 : NULL;
    return true;
}

tenon_image *show_open_slice(const struct show *show, const tenon_image_source *slice,
                             tenon_error *err)
{
    return tenon_image_open_source(show->side.world, slice, show->parts, err);
}

const char *show_version(char room[SHOW_VERSION_ROOM], uint64_t version)
{
    snprintf(room, SHOW_VERSION_ROOM, "%u.%u.%u", (unsigned)(version >> 16 & 0xffff),
             (unsigned)(version >> 8 & 0xff), (unsigned)(version & 0xff));
    return room;
}

/* Facts are worth telling without units, too: why these cannot be read is a warning. */
static bool read_units(struct show *show, const char *path, tenon_error *err)
{
    const tenon_image_source source = { path, show->slice, show->member };

    if (!show->with_units)
        return true;
    show->units = tenon_units_read(show->side.world, &source, &show->units_error);
    if (show->units || show->units_error.code != TENON_E_MEMORY)
        return true;
    if (err)
        *err = show->units_error;
    return false;
}

static void print_image(struct cli_answer *answer, const char *label, const tenon_image *image)
{
    struct show *show = answer->command;
    struct cli *cli = show->cli;

    if (cli->json && !cli->quiet) {
        show_print_json(show, image, label, &answer->json);
    } else if (!cli->quiet) {
        cli_puts(&cli->out, answer->answered ? "\n" : "");
        show_print_text(show, image, label);
    }
}

/* What an image holds of OCaml's and makes no sense is a warning. */
static bool give_image(struct cli_answer *answer, const struct tn_ocaml_image *opened,
                       const char *label, const char *path, tenon_error *err)
{
    struct show *show = answer->command;

    show->units_error = (tenon_error)TENON_ERROR_INIT;
    if (!read_units(show, path, err))
        return false;
    show->ocaml = opened->ocaml;
    show->ocaml_error = opened->ocaml_error;
    print_image(answer, label, opened->image);
    show->ocaml = NULL;
    tenon_units_free(show->units);
    show->units = NULL;
    return true;
}

/* A file of OCaml's own is no image: its units are what there is to show. */
static void give_ocaml(struct cli_answer *answer, const char *label, const tenon_ocaml *ocaml)
{
    struct cli *cli = answer->cli;

    if (cli->json && !cli->quiet) {
        show_print_json_ocaml(label, ocaml, &answer->json);
    } else if (!cli->quiet) {
        cli_puts(&cli->out, answer->answered ? "\n" : "");
        cli_text(&cli->out, label);
        cli_puts(&cli->out, "\n");
        ocaml_print_text(cli, ocaml);
    }
}

static bool give(struct cli_answer *answer, const char *label, const char *path, int *status,
                 tenon_error *err)
{
    struct show *show = answer->command;
    const tenon_image_source source = { path, show->slice, show->member };
    struct tn_ocaml_image opened;
    bool ok = tn_ocaml_open_image(show->side.world, &source, show->parts, !show->with_units,
                                  &opened, err);

    if (ok && opened.image)
        ok = give_image(answer, &opened, label, path, err);
    else if (ok)
        give_ocaml(answer, label, opened.ocaml);
    tenon_ocaml_free(opened.ocaml);
    tenon_image_free(opened.image);
    *status = CLI_YES;
    return ok;
}

static int answer_all(struct cli_answer *answer, const char *const *files)
{
    struct show *show = answer->command;

    show->parts = TENON_PART_SECTIONS |
                  (show->exports || show->imports ? (unsigned)TENON_PART_SYMBOLS : 0u) |
                  (show->dlopen ? (unsigned)TENON_PART_DLOPEN : 0u);
    return cli_answer_all(answer, files);
}

static int run_show(struct cli *cli, int argc, const char **argv)
{
    struct show show = { .cli = cli };
    struct cli_answer answer = { .cli = cli, .side = &show.side, .give = give, .command = &show };
    const char *const *files;
    int status;
    struct poptOption options[] = {
        { "exports", 0, POPT_ARG_NONE, &show.exports, 0, "the symbols it offers", NULL },
        { "imports", 0, POPT_ARG_NONE, &show.imports, 0, "the symbols it expects from others",
          NULL },
        { "dlopen", 0, POPT_ARG_NONE, &show.dlopen, 0,
          "libraries it may ask for at run time (declared, likely)", NULL },
        { "units", 0, POPT_ARG_NONE, &show.with_units, 0, "its units and their record", NULL },
        { "slice", 0, POPT_ARG_STRING, &show.slice, 0,
          "the slice of a universal FILE that is meant", "NAME" },
        { "member", 0, POPT_ARG_STRING, &show.member, 0, "the member of an archive that is meant",
          "NAME" },
        { "skip-other", 0, POPT_ARG_NONE, &answer.skip_other, 0,
          "leave out FILEs that are no images", NULL },
        { "sysroot", 0, POPT_ARG_STRING, &show.query.sysroot, 0,
          "FILE is a path in the tree below DIR", "DIR" },
        POPT_TABLEEND
    };

    if (cli_parse(cli, options, argc, argv, &files, &status) &&
        cli_side_open(cli, &show.query, NULL, &show.side, &status))
        status = answer_all(&answer, files);
    cli_side_close(&show.side);
    free(show.slice);
    free(show.member);
    cli_query_free(&show.query);
    return status;
}

const struct cli_command cmd_show = {
    .name = "show",
    .arguments = "FILE...",
    .summary = "what the linker recorded in a file",
    .about = "Prints the recorded facts of an image: format, machine, kind, own name, the\n"
             "libraries it needs, search paths, interpreter. No other file is opened.\n"
             "With -v also versions, flags and notes. A directory stands for every image in it.\n",
    .examples = "Examples:\n"
                "  tenon show /usr/bin/ssh              what it needs and is\n"
                "  tenon show --imports plugin.so       the symbols a plugin expects\n"
                "  tenon show --json /usr/lib           all images below a directory\n\n"
                "Exit status: 0 every FILE was read, 2 wrong usage, 3 a FILE could not be read\n"
                "or is no image.\n",
    .run = run_show,
};
