/* ocaml/tenon_values.h - values across the border: errors, texts, digests, and libtenon's objects
 */
#ifndef TENON_VALUES_H
#define TENON_VALUES_H

#define CAML_NAME_SPACE
#include <caml/mlvalues.h>
#include <tenon/tenon.h>

#ifndef Val_none
#define Val_none Val_int(0)
#endif

/* Raises Tenon_c.Error; ml_check does so when something is not `good`. */
void ml_fail(const tenon_error *err);
void ml_check(int good, const tenon_error *err);

/* These allocate: what they are given must be a root of the caller's, or no value. */
value ml_some(value v);
value ml_text_option(const char *text); /* NULL: None */
value ml_bytes_value(const void *bytes, size_t size);
value ml_digest_option(const tenon_digest *digest);
value ml_text_list(const char *const *texts, size_t count);

/* These do not. What is borrowed from a value moves with the next allocation. */
tenon_digest ml_digest_of_option(value v);
const char *ml_option_text(value v); /* borrowed; NULL: None */

/* Copies of the strings of a list; freed with ml_free_texts. Raises Out_of_memory. */
char **ml_texts_of_list(value list, size_t *count);
void ml_free_texts(char **texts, size_t count);

/* One custom block for each kind of object, which goes with it. */
value ml_box_bundle(tenon_bundle *bundle);
value ml_box_builder(tenon_builder *builder);
value ml_box_process(tenon_ocaml_process *process);
value ml_box_plan(tenon_ocaml_plan *plan);
tenon_bundle *ml_unbox_bundle(value v);
tenon_builder *ml_unbox_builder(value v);
tenon_ocaml_process *ml_unbox_process(value v);
tenon_ocaml_plan *ml_unbox_plan(value v);

#endif
