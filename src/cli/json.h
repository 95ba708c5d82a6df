/* src/cli/json.h - writes JSON row by row, commas included, without building a tree */
#ifndef CLI_JSON_H
#define CLI_JSON_H

#include <tenon/error.h>

#include "out.h"

/* "schema": keys are only ever added within a number. */
#define CLI_JSON_SCHEMA 1

struct cli_json {
    struct cli_out *out;
    bool comma; /* something stands before at this level */
};

/* Begins with '{' or '['; ends with '}' or ']'. */
static inline void cli_json_open(struct cli_json *json, char bracket)
{
    cli_put(json->out, &bracket, 1);
    json->comma = false;
}

static inline void cli_json_close(struct cli_json *json, char bracket)
{
    cli_put(json->out, &bracket, 1);
    json->comma = true;
}

/* Before each element of an array. */
static inline void cli_json_item(struct cli_json *json)
{
    if (json->comma)
        cli_put(json->out, ",", 1);
}

/* Before each value of an object; `name` is a literal without anything to escape. */
#define CLI_JSON_KEY(json, name) cli_json_key(json, ",\"" name "\":", sizeof(",\"" name "\":") - 1)

static inline void cli_json_key(struct cli_json *json, const char *text, size_t size)
{
    size_t skip = json->comma ? 0 : 1;
    cli_put(json->out, text + skip, size - skip);
}

/* Values. A NULL string is null; names and sentences differ as cli_text and cli_prose do. */
void cli_json_name(struct cli_json *json, const char *name);
void cli_json_part(struct cli_json *json, const char *name, size_t size);
void cli_json_sentence(struct cli_json *json, const char *sentence);
/* "NAME: MESSAGE", without a name (NULL) a sentence alone. */
void cli_json_message(struct cli_json *json, const char *name, const char *message);

/* Around all answers: the object with "schema" and "results", then a newline. */
void cli_json_begin(struct cli_json *json);
void cli_json_end(struct cli_json *json);

/* The member "error" of a result: why there is none, as cli_json_message has it. */
void cli_json_error(struct cli_json *json, enum tenon_code code, const char *name,
                    const char *message);

/* A row of what has a name in the place of a file, and could not be answered for. */
void cli_json_failed(struct cli_json *json, const char *name, const tenon_error *err);

void cli_json_number(struct cli_json *json, int64_t number);
void cli_json_bool(struct cli_json *json, bool value);

/* An object's key that is not ours. */
void cli_json_named_key(struct cli_json *json, const char *name);

#endif
