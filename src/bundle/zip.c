/*
 * src/bundle/zip.c - writes zip files; the only file that knows libzip
 *
 * libzip is opened when something is written, not linked: it takes over a millisecond to load, and
 * once loaded libcrypto stays. Nothing that runs inside a host program writes bundles.
 */
#include "zip_file.h"

#include <dlfcn.h>
#include <errno.h>
#include <stdlib.h>
#include <zip.h>

#include "fail.h"
#include "limits.h"
#include "text.h"

#define LIBZIP "libzip.so.5", "libzip.so.4"

/* The functions we use, by their names in libzip. */
#define FUNCTIONS(F)                                                                               \
    F(zip_close)                                                                                   \
    F(zip_discard)                                                                                 \
    F(zip_error_code_system)                                                                       \
    F(zip_error_code_zip)                                                                          \
    F(zip_error_fini)                                                                              \
    F(zip_error_init)                                                                              \
    F(zip_error_strerror)                                                                          \
    F(zip_file_add)                                                                                \
    F(zip_file_set_dostime)                                                                        \
    F(zip_file_set_external_attributes)                                                            \
    F(zip_get_error)                                                                               \
    F(zip_open_from_source)                                                                        \
    F(zip_set_file_compression)                                                                    \
    F(zip_source_buffer)                                                                           \
    F(zip_source_buffer_create)                                                                    \
    F(zip_source_close)                                                                            \
    F(zip_source_error)                                                                            \
    F(zip_source_free)                                                                             \
    F(zip_source_keep)                                                                             \
    F(zip_source_open)                                                                             \
    F(zip_source_read)                                                                             \
    F(zip_source_stat)

struct libzip {
    void *handle;
#define F(name) __typeof__(&name) name;
    FUNCTIONS(F)
#undef F
};

static bool take_functions(struct libzip *lib, tenon_error *err)
{
    static const char *const names[] = {
#define F(name) #name,
        FUNCTIONS(F)
#undef F
    };
    void **const places[] = {
#define F(name) (void **)&lib->name,
        FUNCTIONS(F)
#undef F
    };

    for (size_t i = 0; i < TN_COUNT(names); i++) {
        *places[i] = dlsym(lib->handle, names[i]);
        if (!*places[i])
            return tn_fail(err, TENON_E_UNSUPPORTED, "libzip has no %s", names[i]);
    }
    return true;
}

static bool open_libzip(struct libzip *lib, tenon_error *err)
{
    static const char *const names[] = { LIBZIP };

    for (size_t i = 0; i < TN_COUNT(names) && !lib->handle; i++) {
        errno = 0;
        lib->handle = dlopen(names[i], RTLD_NOW | RTLD_LOCAL);
        if (!lib->handle && errno == ENOMEM)
            return tn_no_memory(err);
    }
    if (!lib->handle) {
        const char *why = dlerror();
        bool absent = !why || strstr(why, "No such file");
        return tn_fail(err, TENON_E_UNSUPPORTED,
                       "bundles are written with libzip (libzip.so.5 or .4), which %s%s",
                       absent ? "is not installed" : "cannot be loaded: ", absent ? "" : why);
    }
    return take_functions(lib, err);
}

/* One zip file in the making: the archive writes to the sink, which outlives it. */
struct making {
    struct libzip lib;
    zip_t *archive;
    zip_source_t *sink;
};

/*
 * libzip does not always keep an error that it returns, but malloc() sets errno.
 *
 * rule  zip_errors(3); zlib.h: Z_MEM_ERROR is -4; POSIX malloc()
 */
static bool is_starved(const struct libzip *lib, const zip_error_t *error)
{
    enum { OF_ZLIB = -4 };
    int code = lib->zip_error_code_zip(error);

    return errno == ENOMEM || code == ZIP_ER_MEMORY ||
           (code == ZIP_ER_ZLIB && lib->zip_error_code_system(error) == OF_ZLIB);
}

static bool fail_by(const struct libzip *lib, zip_error_t *error, const char *what,
                    tenon_error *err)
{
    if (is_starved(lib, error))
        return tn_no_memory(err);
    return tn_fail(err, TENON_E_MALFORMED, "libzip: %s: %s", what, lib->zip_error_strerror(error));
}

static bool fail_by_archive(struct making *making, const char *what, tenon_error *err)
{
    return fail_by(&making->lib, making->lib.zip_get_error(making->archive), what, err);
}

static bool fail_by_sink(struct making *making, tenon_error *err)
{
    return fail_by(&making->lib, making->lib.zip_source_error(making->sink), "reading back", err);
}

static bool start(struct making *making, tenon_error *err)
{
    zip_error_t error;

    making->lib.zip_error_init(&error);
    making->sink = making->lib.zip_source_buffer_create(NULL, 0, 0, &error);
    if (making->sink)
        making->archive = making->lib.zip_open_from_source(making->sink, ZIP_TRUNCATE, &error);
    if (making->archive)
        making->lib.zip_source_keep(making->sink);
    else
        fail_by(&making->lib, &error, "beginning", err);
    making->lib.zip_error_fini(&error);
    return making->archive;
}

/* Fixed: deflate's level, the first day that zip can tell, mode 0644, Unix. */
static bool set_facts(struct making *making, zip_uint64_t index, enum tn_zip_method method)
{
    enum { LEVEL = 9, FIRST_DAY = 1 << 5 | 1, MODE = 0100644 };
    zip_int32_t compression = method == TN_ZIP_STORED ? ZIP_CM_STORE : ZIP_CM_DEFLATE;

    return making->lib.zip_set_file_compression(making->archive, index, compression,
                                                method == TN_ZIP_STORED ? 0 : LEVEL) == 0 &&
           making->lib.zip_file_set_dostime(making->archive, index, 0, FIRST_DAY, 0) == 0 &&
           making->lib.zip_file_set_external_attributes(making->archive, index, 0, ZIP_OPSYS_UNIX,
                                                        (zip_uint32_t)MODE << 16) == 0;
}

static bool add(struct making *making, const struct tn_zip_input *input, tenon_error *err)
{
    char shown[TN_QUOTE_ROOM];
    zip_source_t *source =
        making->lib.zip_source_buffer(making->archive, input->bytes, input->size, 0);
    zip_int64_t index = -1;

    if (source) {
        index = making->lib.zip_file_add(making->archive, input->name, source, ZIP_FL_ENC_UTF_8);
        if (index < 0)
            making->lib.zip_source_free(source);
    }
    if (index >= 0 && set_facts(making, (zip_uint64_t)index, input->method))
        return true;
    return fail_by_archive(making, tn_quote(shown, input->name), err);
}

static bool finish(struct making *making, tenon_error *err)
{
    if (making->lib.zip_close(making->archive) != 0)
        return fail_by_archive(making, "writing", err);
    making->archive = NULL;
    return true;
}

static bool take_out(struct making *making, uint8_t **bytes, size_t *size, tenon_error *err)
{
    zip_stat_t facts;
    zip_int64_t got;

    if (making->lib.zip_source_stat(making->sink, &facts) != 0 || !(facts.valid & ZIP_STAT_SIZE) ||
        making->lib.zip_source_open(making->sink) != 0)
        return fail_by_sink(making, err);
    *size = (size_t)facts.size;
    *bytes = malloc(*size + 1);
    got = *bytes ? making->lib.zip_source_read(making->sink, *bytes, facts.size) : 0;
    making->lib.zip_source_close(making->sink);
    if (!*bytes)
        return tn_no_memory(err);
    if (got == (zip_int64_t)facts.size)
        return true;
    free(*bytes);
    *bytes = NULL;
    return fail_by_sink(making, err);
}

bool tn_zip_make(const struct tn_zip_input *inputs, size_t count, uint8_t **bytes, size_t *size,
                 tenon_error *err)
{
    struct making making = { 0 };
    bool ok = open_libzip(&making.lib, err);

    errno = 0;
    ok = ok && start(&making, err);
    for (size_t i = 0; ok && i < count; i++)
        ok = add(&making, &inputs[i], err);
    ok = ok && finish(&making, err) && take_out(&making, bytes, size, err);
    if (making.archive)
        making.lib.zip_discard(making.archive);
    if (making.sink)
        making.lib.zip_source_free(making.sink);
    if (making.lib.handle)
        dlclose(making.lib.handle);
    return ok;
}
