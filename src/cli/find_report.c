/* src/cli/find_report.c - the account of a search, for people and as JSON */
#include "find_report.h"

#include <ctype.h>
#include <string.h>

/* A text that the verdict, a note or a step before this one has: it is not said again. */
static bool is_said(const tenon_found *found, const tenon_find_step *step)
{
    const tenon_find_place *place;
    const char *reason = tenon_found_reason(found), *remark;

    if (reason && strstr(reason, step->why))
        return true;
    for (size_t i = 0; (remark = tenon_found_remark(found, i)); i++)
        if (strstr(remark, step->why))
            return true;
    for (size_t i = 0; (place = tenon_found_place(found, i)); i++)
        for (size_t k = 0; k < place->step_count; k++) {
            if (&place->steps[k] == step)
                return false;
            if (place->steps[k].why && strcmp(place->steps[k].why, step->why) == 0)
                return true;
        }
    return false;
}

static void put_step(struct cli_out *out, const tenon_found *found, const tenon_find_step *step,
                     bool verbose)
{
    static const enum cli_style styles[] = { CLI_DIM, CLI_GAIN, CLI_MISS };

    cli_puts(out, "    ");
    cli_puts(out, step->step);
    for (size_t width = strlen(step->step); width < 9; width++)
        cli_puts(out, " ");
    cli_style(out, styles[step->outcome]);
    cli_puts(out, tenon_step_outcome_name(step->outcome));
    cli_style(out, CLI_PLAIN);
    if (step->run_path)
        cli_puts(out, ", with a run path");
    if (step->why && !verbose && is_said(found, step)) {
        cli_puts(out, ": as said above");
    } else if (step->why) {
        cli_puts(out, ": ");
        cli_prose(out, step->why);
    }
    cli_puts(out, "\n");
}

static void put_place(struct cli_out *out, const tenon_found *found, const tenon_find_place *place,
                      bool verbose)
{
    cli_puts(out, "  ");
    if (place->dir)
        cli_text(out, place->dir);
    else
        cli_puts(out, strcmp(place->origin, "flags") == 0 ? "the switches given"
                                                          : "the compiler's own directories");
    if (strcmp(place->origin, "compiler") != 0 && strcmp(place->origin, "flags") != 0) {
        cli_puts(out, "  (");
        cli_text(out, place->origin);
        cli_puts(out, ")");
    }
    cli_puts(out, "  ");
    cli_prose(out, place->flags);
    cli_puts(out, "\n");
    for (size_t i = 0; i < place->step_count; i++)
        put_step(out, found, &place->steps[i], verbose);
}

static bool is_lower_case(const char *name)
{
    return strcmp(name, "FILE") == 0 || strcmp(name, "HEADER") == 0 ||
           strcmp(name, "HEADER_FROM") == 0 || strcmp(name, "VERSION") == 0 ||
           strcmp(name, "LINKAGE") == 0;
}

/* "header from  zlib.h" for what is no CONF_ variable */
static void put_value(struct cli_out *out, const char *library, const char *name, const char *value)
{
    cli_puts(out, "  ");
    if (is_lower_case(name)) {
        size_t width = strlen(name);
        for (const char *c = name; *c; c++) {
            char lower = *c == '_' ? ' ' : (char)tolower((unsigned char)*c);
            cli_put(out, &lower, 1);
        }
        for (; width < 12; width++)
            cli_puts(out, " ");
        cli_text(out, value);
    } else {
        cli_puts(out, "CONF_");
        for (; *library; library++) {
            char c = isalnum((unsigned char)*library) ? *library : '_';
            cli_put(out, &c, 1);
        }
        cli_puts(out, "_");
        cli_puts(out, name);
        cli_puts(out, " = ");
        cli_prose(out, value);
    }
    cli_puts(out, "\n");
}

void find_print_text(struct cli_out *out, const tenon_found *found, bool verbose)
{
    const tenon_find_place *place;
    const char *name, *value, *reason = tenon_found_reason(found), *remark;

    cli_text(out, tenon_found_name(found));
    cli_puts(out, ": ");
    switch (tenon_found_verdict(found)) {
    case TENON_FIND_FOUND: cli_puts(out, "found"); break;
    case TENON_FIND_NOT_STARTABLE: cli_puts(out, "found, not startable"); break;
    default: cli_puts(out, "not found"); break;
    }
    if (tenon_found_reason(found)) {
        cli_puts(out, ": ");
        cli_prose(out, tenon_found_reason(found));
    }
    cli_puts(out, "\n");
    for (size_t i = 0; (remark = tenon_found_remark(found, i)); i++) {
        if (!verbose && reason && strstr(remark, reason))
            continue; /* the verdict says it, and below stands of which place */
        cli_style(out, CLI_NOTE);
        cli_puts(out, "  note: ");
        cli_style(out, CLI_PLAIN);
        cli_prose(out, remark);
        cli_puts(out, "\n");
    }
    for (size_t i = 0; (place = tenon_found_place(found, i)); i++)
        put_place(out, found, place, verbose);
    for (size_t i = 0; (value = tenon_found_value(found, i, &name)); i++)
        put_value(out, tenon_found_name(found), name, value);
}

static void json_step(struct cli_json *json, const tenon_find_step *step)
{
    cli_json_item(json);
    cli_json_open(json, '{');
    CLI_JSON_KEY(json, "step");
    cli_json_name(json, step->step);
    CLI_JSON_KEY(json, "outcome");
    cli_json_name(json, tenon_step_outcome_name(step->outcome));
    CLI_JSON_KEY(json, "run_path");
    cli_json_bool(json, step->run_path);
    CLI_JSON_KEY(json, "why");
    cli_json_sentence(json, step->why);
    cli_json_close(json, '}');
}

static void json_place(struct cli_json *json, const tenon_find_place *place)
{
    cli_json_item(json);
    cli_json_open(json, '{');
    CLI_JSON_KEY(json, "dir");
    cli_json_name(json, place->dir);
    CLI_JSON_KEY(json, "origin");
    cli_json_name(json, place->origin);
    CLI_JSON_KEY(json, "flags");
    cli_json_name(json, place->flags);
    CLI_JSON_KEY(json, "accepted");
    cli_json_bool(json, place->accepted);
    CLI_JSON_KEY(json, "steps");
    cli_json_open(json, '[');
    for (size_t i = 0; i < place->step_count; i++)
        json_step(json, &place->steps[i]);
    cli_json_close(json, ']');
    cli_json_close(json, '}');
}

static void json_result(struct cli_json *json, const tenon_found *found)
{
    const char *name, *value;
    char key[256];

    cli_json_open(json, '{');
    for (size_t i = 0; (value = tenon_found_value(found, i, &name)); i++) {
        size_t n = 0;
        if (!is_lower_case(name)) {
            memcpy(key, "CONF_", 5);
            n = 5;
            for (const char *c = tenon_found_name(found); *c && n < sizeof key - 40; c++)
                key[n++] = isalnum((unsigned char)*c) ? *c : '_';
            key[n++] = '_';
            memcpy(key + n, name, strlen(name) + 1);
        } else {
            for (const char *c = name; *c; c++)
                key[n++] = (char)tolower((unsigned char)*c);
            key[n] = '\0';
        }
        cli_json_named_key(json, key);
        cli_json_name(json, value);
    }
    cli_json_close(json, '}');
}

void find_print_json(struct cli_json *json, const tenon_found *found)
{
    const tenon_find_place *place;
    bool is_found = tenon_found_verdict(found) != TENON_FIND_NOT_FOUND;

    cli_json_item(json);
    cli_json_open(json, '{');
    CLI_JSON_KEY(json, "name");
    cli_json_name(json, tenon_found_name(found));
    CLI_JSON_KEY(json, "status");
    cli_json_name(json, is_found ? "ok" : "missing");
    CLI_JSON_KEY(json, "verdict");
    cli_json_name(json, tenon_find_verdict_name(tenon_found_verdict(found)));
    CLI_JSON_KEY(json, "reason");
    cli_json_sentence(json, tenon_found_reason(found));
    CLI_JSON_KEY(json, "directories");
    cli_json_open(json, '[');
    for (size_t i = 0; (place = tenon_found_place(found, i)); i++)
        json_place(json, place);
    cli_json_close(json, ']');
    CLI_JSON_KEY(json, "remarks");
    cli_json_open(json, '[');
    for (size_t i = 0; tenon_found_remark(found, i); i++) {
        cli_json_item(json);
        cli_json_sentence(json, tenon_found_remark(found, i));
    }
    cli_json_close(json, ']');
    CLI_JSON_KEY(json, "result");
    if (is_found)
        json_result(json, found);
    else
        cli_json_name(json, NULL);
    cli_json_close(json, '}');
}
