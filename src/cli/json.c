/* src/cli/json.c - writes JSON row by row; rule: RFC 8259 */
#include "json.h"

static void put_quoted(struct cli_json *json, const char *string,
                       void (*put)(struct cli_out *, const char *))
{
    if (string) {
        cli_put(json->out, "\"", 1);
        put(json->out, string);
        cli_put(json->out, "\"", 1);
    } else {
        cli_put(json->out, "null", 4);
    }
    json->comma = true;
}

void cli_json_name(struct cli_json *json, const char *name)
{
    put_quoted(json, name, cli_text_quoted);
}

void cli_json_part(struct cli_json *json, const char *name, size_t size)
{
    cli_put(json->out, "\"", 1);
    cli_text_part_quoted(json->out, name, size);
    cli_put(json->out, "\"", 1);
    json->comma = true;
}

void cli_json_sentence(struct cli_json *json, const char *sentence)
{
    put_quoted(json, sentence, cli_prose_quoted);
}

void cli_json_message(struct cli_json *json, const char *name, const char *message)
{
    cli_put(json->out, "\"", 1);
    if (name) {
        cli_text_quoted(json->out, *name ? name : "''");
        cli_put(json->out, ": ", 2);
    }
    cli_prose_quoted(json->out, message);
    cli_put(json->out, "\"", 1);
    json->comma = true;
}

void cli_json_begin(struct cli_json *json)
{
    cli_json_open(json, '{');
    CLI_JSON_KEY(json, "schema");
    cli_json_number(json, CLI_JSON_SCHEMA);
    CLI_JSON_KEY(json, "results");
    cli_json_open(json, '[');
}

void cli_json_end(struct cli_json *json)
{
    cli_json_close(json, ']');
    cli_json_close(json, '}');
    cli_puts(json->out, "\n");
}

void cli_json_error(struct cli_json *json, enum tenon_code code, const char *name,
                    const char *message)
{
    CLI_JSON_KEY(json, "error");
    cli_json_open(json, '{');
    CLI_JSON_KEY(json, "code");
    cli_json_name(json, tenon_code_name(code));
    CLI_JSON_KEY(json, "message");
    cli_json_message(json, name, message);
    cli_json_close(json, '}');
}

void cli_json_failed(struct cli_json *json, const char *name, const tenon_error *err)
{
    cli_json_item(json);
    cli_json_open(json, '{');
    CLI_JSON_KEY(json, "name");
    cli_json_name(json, name);
    CLI_JSON_KEY(json, "status");
    cli_json_name(json, "error");
    cli_json_error(json, err->code, NULL, tenon_error_message(err));
    cli_json_close(json, '}');
}

void cli_json_number(struct cli_json *json, int64_t number)
{
    cli_number(json->out, number);
    json->comma = true;
}

void cli_json_bool(struct cli_json *json, bool value)
{
    cli_puts(json->out, value ? "true" : "false");
    json->comma = true;
}

void cli_json_named_key(struct cli_json *json, const char *name)
{
    cli_json_item(json);
    cli_json_name(json, name);
    cli_put(json->out, ":", 1);
    json->comma = false;
}
