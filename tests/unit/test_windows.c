/* tests/unit/test_windows.c - the loaders of PE images: every vector of their rules */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include <cmocka.h>

#include "view.h"
#include "windows.h"

#include "apiset_builder.h"
#include "pe_builder.h"
#include "world_case.h"

#define PE(c, path, ...) put((c), (path), &(struct pe_spec){ __VA_ARGS__ })
#define IMPORTS(...) ((struct pe_import[]){ __VA_ARGS__, { 0 } })
#define FOO IMPORTS({ .library = "foo.dll" })

static void put(struct world_case *c, const char *path, const struct pe_spec *spec)
{
    size_t size;
    uint8_t *bytes = pe_build(spec, &size);
    assert_true(tenon_world_put_file(c->world, path, bytes, size, 0755, NULL));
    free(bytes);
}

static void setting(struct world_case *c, const char *name, const char *value)
{
    assert_true(tenon_world_set_setting(c->world, name, value, NULL));
}

/* C:\a with a program that wants foo.dll, a Windows, C:\d as current directory, C:\p1;C:\p2. */
static void standard(struct world_case *c)
{
    PE(c, "/C:/a/p.exe", .imports = FOO);
    assert_true(tenon_world_put_dir(c->world, "/C:/windows/system32", NULL));
    assert_true(tenon_world_put_dir(c->world, "/C:/windows/system", NULL));
    assert_true(tenon_world_put_dir(c->world, "/C:/d", NULL));
    case_cwd(c, "/C:/d");
    case_env(c, "PATH", "C:\\p1;C:\\p2");
}

static void dll(struct world_case *c, const char *path)
{
    put(c, path, &(struct pe_spec){ .dll = true });
}

static void narrow_dll(struct world_case *c, const char *path)
{
    put(c, path, &(struct pe_spec){ .bits = 32, .dll = true });
}

static const char *foo(struct world_case *c)
{
    const char *text = answer(c, "/C:/a/p.exe");
    const tenon_library *l = c->graph ? tenon_graph_library(c->graph, 0) : NULL;
    return !l ? text : l->status == TENON_STATUS_FOUND ? l->path : tenon_status_name(l->status);
}

static const char *why_not(struct world_case *c)
{
    return tenon_graph_library(c->graph, 0)->reason;
}

/* W1 */
static void each_directory_in_turn(void **state)
{
    struct world_case *c = *state;
    static const char *const order[] = {
        "/C:/a/foo.dll",
        "/C:/windows/system32/foo.dll",
        "/C:/windows/system/foo.dll",
        "/C:/windows/foo.dll",
        "/C:/d/foo.dll",
        "/C:/p1/foo.dll",
        "/C:/p2/foo.dll",
    };
    standard(c);
    for (size_t i = 0; i < 7; i++)
        dll(c, order[i]);
    for (size_t i = 0; i < 7; i++) {
        assert_string_equal(foo(c), order[i]);
        assert_true(tenon_world_hide(c->world, order[i], NULL));
    }
    assert_string_equal(foo(c), "missing");
    assert_string_equal(why_not(c), "error 126: the specified module could not be found "
                                    "(0xC0000135 at the start)");
}

/* W2 */
static void case_does_not_count(void **state)
{
    struct world_case *c = *state;
    standard(c);
    dll(c, "/C:/a/FOO.DLL");
    assert_string_equal(foo(c), "/C:/a/FOO.DLL");
    dll(c, "/C:/a/foo.dll");
    assert_string_equal(foo(c), "/C:/a/foo.dll");
}

/* W3, W4 */
static void another_machine_is_passed_over(void **state)
{
    struct world_case *c = *state;
    standard(c);
    narrow_dll(c, "/C:/a/foo.dll");
    assert_string_equal(foo(c), "missing");
    assert_string_equal(why_not(c),
                        "error 193: only files of another machine (0xC000007B at the start)");
    dll(c, "/C:/p1/foo.dll");
    assert_string_equal(foo(c), "/C:/p1/foo.dll");
}

/* W5 */
static void what_is_no_image_ends_the_search(void **state)
{
    struct world_case *c = *state;
    standard(c);
    dll(c, "/C:/p1/foo.dll");
    case_put_text(c, "/C:/a/foo.dll", "hello");
    assert_string_equal(foo(c), "refused");
    assert_string_equal(why_not(c), "/C:/a/foo.dll: error 193: not a valid Win32 application");
    case_put_text(c, "/C:/a/foo.dll", "");
    assert_string_equal(foo(c), "refused");
    size_t size;
    uint8_t *bytes = pe_build(&(struct pe_spec){ .dll = true }, &size);
    assert_true(tenon_world_put_file(c->world, "/C:/a/foo.dll", bytes, 0xa0, 0755, NULL));
    free(bytes);
    assert_string_equal(foo(c), "refused");
    assert_string_equal(tried(c, "foo.dll"), "/C:/a/foo.dll: truncated\n");
}

/* W6, W7 */
static void directories_and_dangling_links(void **state)
{
    struct world_case *c = *state;
    standard(c);
    dll(c, "/C:/p1/foo.dll");
    case_put_link(c, "/C:/a/foo.dll", "gone");
    assert_string_equal(foo(c), "/C:/p1/foo.dll");
    assert_true(tenon_world_hide(c->world, "/C:/a/foo.dll", NULL));
    assert_true(tenon_world_put_dir(c->world, "/C:/a/foo.dll", NULL));
    assert_string_equal(foo(c), "refused");
    assert_string_equal(why_not(c), "/C:/a/foo.dll: error 5: access is denied");
}

/* W8 */
static void a_missing_dependency_fails_the_whole(void **state)
{
    struct world_case *c = *state;
    standard(c);
    PE(c, "/C:/a/foo.dll", .dll = true, .imports = IMPORTS({ .library = "bar.dll" }));
    dll(c, "/C:/windows/system32/foo.dll");
    assert_string_equal(answer(c, "/C:/a/p.exe"), "foo.dll => /C:/a/foo.dll [application "
                                                  "directory]\nbar.dll => missing\n");
    assert_int_equal(tenon_graph_status(c->graph), TENON_STATUS_MISSING);
}

/* A program without imports that calls LoadLibrary() for each name. */
static tenon_state *loading(const char *const *names)
{
    tenon_state *process = tenon_state_new(NULL);
    assert_true(tenon_state_add(
        process, &(tenon_loaded){ .source.path = "/C:/a/q.exe", .loaded_by = -1 }, NULL));
    for (; *names; names++)
        assert_true(tenon_state_request(process, *names, 0, 0, NULL));
    return process;
}

static const char *load(struct world_case *c, const char *const *names)
{
    tenon_state *process = loading(names);
    const char *text = answer_state(c, process);
    tenon_state_free(process);
    return text;
}

/* ... asked of the resolver of the last question. */
static const char *load_again(struct world_case *c, const char *name)
{
    tenon_state *process = loading((const char *const[]){ name, NULL });
    const char *text = answer_state_again(c, process);
    tenon_state_free(process);
    return text;
}

#define LOAD(c, ...) load((c), (const char *const[]){ __VA_ARGS__, NULL })

/* W9, W10 */
static void a_loaded_module_answers_to_its_name(void **state)
{
    struct world_case *c = *state;
    standard(c);
    PE(c, "/C:/a/q.exe", .dll = false);
    dll(c, "/C:/d1/foo.dll");
    dll(c, "/C:/a/foo.dll");
    case_put_link(c, "/C:/d2/foo2.dll", "../d1/foo.dll");
    assert_string_equal(LOAD(c, "C:\\d1\\foo.dll", "FOO", "C:\\d2\\foo2.dll"),
                        "C:\\d1\\foo.dll => /C:/d1/foo.dll [absolute path]\n");
}

/* W11, W12 */
static void flags_of_load_library(void **state)
{
    struct world_case *c = *state;
    static const struct {
        const char *flags;
        bool in_a;
        const char *expected;
    } cases[] = {
        { "0", false, "foo.dll => missing\n" },
        { "8", false, "foo.dll => /C:/d1/foo.dll [directory of the loaded file]\n" },
        { "0x100", false, "foo.dll => /C:/d1/foo.dll [directory of the loaded file]\n" },
        { "0", true, "foo.dll => /C:/a/foo.dll [application directory]\n" },
        { "8", true, "foo.dll => /C:/d1/foo.dll [directory of the loaded file]\n" },
        { "0x1100", true, "foo.dll => /C:/d1/foo.dll [directory of the loaded file]\n" },
        { "0x1000", true, "foo.dll => /C:/a/foo.dll [application directory]\n" },
    };
    standard(c);
    PE(c, "/C:/a/q.exe", .dll = false);
    PE(c, "/C:/d1/user.dll", .dll = true, .imports = FOO);
    dll(c, "/C:/d1/foo.dll");
    for (size_t i = 0; i < TN_COUNT(cases); i++) {
        static const char user[] = "C:\\d1\\user.dll => /C:/d1/user.dll [absolute path]\n";
        if (cases[i].in_a)
            dll(c, "/C:/a/foo.dll");
        setting(c, "LoadLibraryFlags", cases[i].flags);
        const char *text = LOAD(c, "C:\\d1\\user.dll");
        assert_memory_equal(text, user, sizeof user - 1);
        assert_string_equal(text + sizeof user - 1, cases[i].expected);
    }
}

/* What LoadLibrary() opened in one process is nothing to the next that the resolver is asked about.
 */
static void load_directories_are_of_one_process(void **state)
{
    static const char searched[] = "user.dll => /C:/p1/user.dll [PATH]\n"
                                   "foo.dll => /C:/a/foo.dll [application directory]\n";
    static const char opened[] = "C:\\p1\\user.dll => /C:/p1/user.dll [absolute path]\n"
                                 "foo.dll => /C:/p1/foo.dll [directory of the loaded file]\n";
    struct world_case *c = *state;
    standard(c);
    PE(c, "/C:/a/q.exe", .imports = IMPORTS({ .library = "user.dll" }));
    PE(c, "/C:/p1/user.dll", .dll = true, .imports = FOO);
    dll(c, "/C:/p1/foo.dll");
    dll(c, "/C:/a/foo.dll");
    setting(c, "LoadLibraryFlags", "8");
    assert_string_equal(LOAD(c, "C:\\p1\\user.dll"), opened);
    assert_string_equal(answer_again(c, "/C:/a/q.exe"), searched);
    assert_string_equal(load_again(c, "C:\\p1\\user.dll"), opened);
}

/* W13 */
static void without_safe_mode_the_current_directory_is_second(void **state)
{
    struct world_case *c = *state;
    standard(c);
    dll(c, "/C:/windows/system32/foo.dll");
    dll(c, "/C:/d/foo.dll");
    setting(c, "SafeDllSearchMode", "0");
    assert_string_equal(foo(c), "/C:/d/foo.dll");
    setting(c, "CWDIllegalInDllSearch", "0xffffffff");
    assert_string_equal(foo(c), "/C:/windows/system32/foo.dll");
}

/* W14, W15, W16 */
static void directories_of_the_process(void **state)
{
    struct world_case *c = *state;
    standard(c);
    PE(c, "/C:/a/q.exe", .dll = false);
    dll(c, "/C:/d/foo.dll");
    setting(c, "DllDirectory", "C:\\dd");
    assert_string_equal(LOAD(c, "foo"), "foo => missing\n");
    dll(c, "/C:/windows/system32/foo.dll");
    dll(c, "/C:/dd/foo.dll");
    assert_string_equal(LOAD(c, "foo"), "foo => /C:/dd/foo.dll [DLL directory]\n");
    setting(c, "DllDirectory", NULL);
    setting(c, "UserDirectories", "C:\\dd");
    assert_string_equal(LOAD(c, "foo"), "foo => /C:/windows/system32/foo.dll [system directory]\n");
    setting(c, "LoadLibraryFlags", "0x400");
    assert_string_equal(LOAD(c, "foo"), "foo => /C:/dd/foo.dll [added directory]\n");
    setting(c, "LoadLibraryFlags", "0x200");
    assert_string_equal(LOAD(c, "foo"), "foo => missing\n");
}

/* W17, W18 */
static void forms_of_a_name(void **state)
{
    struct world_case *c = *state;
    standard(c);
    PE(c, "/C:/a/q.exe", .dll = false);
    dll(c, "/C:/d/sub/foo.dll");
    dll(c, "/C:/a/sub/foo.dll");
    dll(c, "/C:/a/foo");
    dll(c, "/C:/a/foo.dll");
    assert_string_equal(LOAD(c, "sub\\foo.dll"),
                        "sub\\foo.dll => /C:/a/sub/foo.dll [application directory]\n");
    assert_string_equal(LOAD(c, ".\\sub\\foo.dll"),
                        ".\\sub\\foo.dll => /C:/d/sub/foo.dll [current directory]\n");
    assert_string_equal(LOAD(c, "foo."), "foo. => /C:/a/foo [application directory]\n");
}

static void put_schema(struct world_case *c, unsigned version)
{
    static const struct apiset_entry entries[] = {
        { "api-ms-win-core-synch-l1-2-0", "kernelbase.dll", NULL, NULL },
        { "api-ms-win-core-appinit-l1-1-0", "kernel32.dll", "kernel32.dll", "kernelbase.dll" },
        { "ext-ms-windowscore-deviceinfo-l1-1-0", "", NULL, NULL },
        { NULL, NULL, NULL, NULL },
    };
    size_t size;
    uint8_t *bytes = apiset_build(version, entries, &size);
    assert_true(tenon_world_put_file(c->world, "/C:/windows/system32/apisetschema.dll", bytes, size,
                                     0644, NULL));
    free(bytes);
}

/* W19, W20 */
static void contracts_of_every_schema(void **state)
{
    struct world_case *c = *state;
    standard(c);
    PE(c, "/C:/a/q.exe", .imports = IMPORTS({ .library = "api-ms-win-core-synch-l1-2-0.dll" }));
    dll(c, "/C:/a/api-ms-win-core-synch-l1-2-0.dll");
    dll(c, "/C:/windows/system32/kernelbase.dll");
    static const unsigned versions[] = { 2, 4, 6 };
    for (size_t i = 0; i < TN_COUNT(versions); i++) {
        put_schema(c, versions[i]);
        assert_string_equal(answer(c, "/C:/a/q.exe"),
                            "api-ms-win-core-synch-l1-2-0.dll => "
                            "/C:/windows/system32/kernelbase.dll [API set]\n");
    }
    PE(c, "/C:/a/q.exe", .dll = false);
    assert_string_equal(LOAD(c, "api-ms-win-core-synch-L1-2-7"),
                        "api-ms-win-core-synch-L1-2-7 => /C:/windows/system32/kernelbase.dll "
                        "[API set]\n");
    assert_string_equal(LOAD(c, "api-ms-win-core-synch-l1-9-99"),
                        "api-ms-win-core-synch-l1-9-99 => missing\n");
}

/* W21, W22 */
static void contracts_that_the_schema_does_not_have(void **state)
{
    struct world_case *c = *state;
    standard(c);
    put_schema(c, 6);
    PE(c, "/C:/a/q.exe", .imports = IMPORTS({ .library = "api-ms-win-none-l1-1-0.dll" }));
    dll(c, "/C:/a/api-ms-win-none-l1-1-0.dll");
    assert_string_equal(answer(c, "/C:/a/q.exe"),
                        "api-ms-win-none-l1-1-0.dll => /C:/a/api-ms-win-none-l1-1-0.dll "
                        "[application directory]\n");
    PE(c, "/C:/a/q.exe",
       .imports = IMPORTS({ .library = "ext-ms-windowscore-deviceinfo-l1-1-0.dll" }));
    assert_string_equal(answer(c, "/C:/a/q.exe"),
                        "ext-ms-windowscore-deviceinfo-l1-1-0.dll => refused: a contract that this "
                        "Windows does not implement\n");
}

/* W23 */
static void a_contract_may_depend_on_who_asks(void **state)
{
    struct world_case *c = *state;
    standard(c);
    put_schema(c, 6);
    PE(c, "/C:/a/q.exe", .imports = IMPORTS({ .library = "api-ms-win-core-appinit-l1-1-0.dll" }));
    PE(c, "/C:/windows/system32/kernel32.dll", .dll = true,
       .imports = IMPORTS({ .library = "api-ms-win-core-appinit-l1-1-0.dll" }));
    dll(c, "/C:/windows/system32/kernelbase.dll");
    assert_string_equal(answer(c, "/C:/a/q.exe"),
                        "api-ms-win-core-appinit-l1-1-0.dll => /C:/windows/system32/kernel32.dll "
                        "[API set]\n"
                        "api-ms-win-core-appinit-l1-1-0.dll => /C:/windows/system32/kernelbase.dll "
                        "[API set]\n");
}

/* W24, W25 */
static void known_libraries_come_from_the_system(void **state)
{
    struct world_case *c = *state;
    standard(c);
    PE(c, "/C:/a/q.exe",
       .imports = IMPORTS({ .library = "ole32.dll" }, { .library = "version.dll" }));
    dll(c, "/C:/a/ole32.dll");
    dll(c, "/C:/a/version.dll");
    dll(c, "/C:/windows/system32/ole32.dll");
    dll(c, "/C:/windows/system32/version.dll");
    assert_string_equal(answer(c, "/C:/a/q.exe"),
                        "ole32.dll => /C:/windows/system32/ole32.dll [KnownDLLs, usual]\n"
                        "version.dll => /C:/a/version.dll [application directory]\n");
    setting(c, "KnownDLLs", "version.dll;other.dll");
    assert_string_equal(answer(c, "/C:/a/q.exe"),
                        "ole32.dll => /C:/a/ole32.dll [application directory]\n"
                        "version.dll => /C:/windows/system32/version.dll [KnownDLLs]\n");
}

/* What a listed library imports is one as well, and so on; a contract stands for its library. */
static void imports_of_known_libraries_are_known(void **state)
{
    static const char *const names[] = { "foo.dll", "bar.dll", "baz.dll", "kernelbase.dll",
                                         "late.dll" };
    struct world_case *c = *state;
    standard(c);
    put_schema(c, 6);
    PE(c, "/C:/a/q.exe",
       .imports = IMPORTS({ .library = "bar.dll" }, { .library = "baz.dll" },
                          { .library = "kernelbase.dll" }, { .library = "late.dll" }));
    for (size_t i = 0; i < 5; i++) {
        char path[64];
        snprintf(path, sizeof path, "/C:/a/%s", names[i]);
        dll(c, path);
        snprintf(path, sizeof path, "/C:/windows/system32/%s", names[i]);
        dll(c, path);
    }
    PE(c, "/C:/windows/system32/foo.dll", .dll = true,
       .imports =
           IMPORTS({ .library = "BAR.dll" }, { .library = "api-ms-win-core-synch-l1-2-0.dll" }),
       .delays = IMPORTS({ .library = "late.dll" }));
    PE(c, "/C:/windows/system32/bar.dll", .dll = true,
       .imports = IMPORTS({ .library = "baz.dll" }, { .library = "foo.dll" }));
    setting(c, "KnownDLLs", "Foo.dll;absent.dll");
    assert_string_equal(answer(c, "/C:/a/q.exe"),
                        "bar.dll => /C:/windows/system32/bar.dll [KnownDLLs]\n"
                        "baz.dll => /C:/windows/system32/baz.dll [KnownDLLs]\n"
                        "kernelbase.dll => /C:/windows/system32/kernelbase.dll [KnownDLLs]\n"
                        "late.dll => /C:/a/late.dll [application directory]\n"
                        "foo.dll => /C:/windows/system32/foo.dll [KnownDLLs]\n");
    setting(c, "ExcludeFromKnownDlls", "bar.dll");
    assert_string_equal(answer(c, "/C:/a/q.exe"),
                        "bar.dll => /C:/a/bar.dll [application directory]\n"
                        "baz.dll => /C:/a/baz.dll [application directory]\n"
                        "kernelbase.dll => /C:/windows/system32/kernelbase.dll [KnownDLLs]\n"
                        "late.dll => /C:/a/late.dll [application directory]\n");
}

#define MANIFEST                                                                                   \
    "<?xml version='1.0'?><assembly xmlns='urn:schemas-microsoft-com:asm.v1'>"                     \
    "<dependency><dependentAssembly><assemblyIdentity type='win32' name='my.asm' "                 \
    "version='1.0.0.0' processorArchitecture='*'/></dependentAssembly></dependency></assembly>"

/* W26, W27 */
static void a_private_assembly_is_final(void **state)
{
    struct world_case *c = *state;
    standard(c);
    PE(c, "/C:/a/p.exe", .imports = FOO, .manifest = MANIFEST);
    case_put_text(c, "/C:/a/my.asm/my.asm.manifest",
                  "<assembly><file name=\"foo.dll\"/></assembly>");
    dll(c, "/C:/a/my.asm/foo.dll");
    dll(c, "/C:/a/foo.dll");
    assert_string_equal(foo(c), "/C:/a/my.asm/foo.dll");
    assert_true(tenon_world_hide(c->world, "/C:/a/my.asm/foo.dll", NULL));
    assert_string_equal(foo(c), "refused");
    PE(c, "/C:/a/p.exe", .imports = FOO);
    dll(c, "/C:/a/my.asm/foo.dll");
    assert_string_equal(foo(c), "/C:/a/foo.dll");
    case_put_text(c, "/C:/a/p.exe.manifest", MANIFEST);
    assert_string_equal(foo(c), "/C:/a/my.asm/foo.dll");
}

/* W28 */
static void a_missing_assembly(void **state)
{
    struct world_case *c = *state;
    standard(c);
    PE(c, "/C:/a/p.exe", .imports = FOO, .manifest = MANIFEST);
    dll(c, "/C:/a/foo.dll");
    assert_string_equal(foo(c), "refused");
    assert_string_equal(why_not(c), "my.asm: error 14001: the program's side-by-side "
                                    "configuration is incorrect");
    c->loader = "wine";
    assert_string_equal(foo(c), "/C:/a/foo.dll");
}

/* wine dlls/ntdll/loader.c, fixup_imports() */
static void a_library_has_assemblies_of_its_own(void **state)
{
    struct world_case *c = *state;
    standard(c);
    PE(c, "/C:/a/p.exe", .imports = IMPORTS({ .library = "foo.dll" }, { .library = "bar.dll" }));
    PE(c, "/C:/a/foo.dll", .dll = true, .manifest = MANIFEST,
       .imports = IMPORTS({ .library = "BAR.dll" }, { .library = "baz.dll" }));
    PE(c, "/C:/a/baz.dll", .dll = true, .imports = IMPORTS({ .library = "deep.dll" }));
    case_put_text(c, "/C:/a/my.asm/my.asm.manifest",
                  "<assembly><file name='bar.dll'/><file name='deep.dll'/></assembly>");
    dll(c, "/C:/a/my.asm/bar.dll");
    dll(c, "/C:/a/my.asm/deep.dll");
    dll(c, "/C:/a/bar.dll");
    dll(c, "/C:/a/deep.dll");
    const char *expected = "foo.dll => /C:/a/foo.dll [application directory]\n"
                           "bar.dll => /C:/a/bar.dll [application directory]\n"
                           "BAR.dll => /C:/a/my.asm/bar.dll [side-by-side assembly]\n"
                           "baz.dll => /C:/a/baz.dll [application directory]\n"
                           "deep.dll => /C:/a/my.asm/deep.dll [side-by-side assembly]\n";
    assert_string_equal(answer(c, "/C:/a/p.exe"), expected);
    c->loader = "wine";
    assert_string_equal(answer(c, "/C:/a/p.exe"), expected);
    /* of its own directory */
    PE(c, "/C:/a/p.exe", .imports = FOO);
    assert_true(tenon_world_hide(c->world, "/C:/a/foo.dll", NULL));
    PE(c, "/C:/windows/foo.dll", .dll = true, .manifest = MANIFEST,
       .imports = IMPORTS({ .library = "bar.dll" }));
    assert_string_equal(answer(c, "/C:/a/p.exe"),
                        "foo.dll => /C:/windows/foo.dll [Windows directory]\n"
                        "bar.dll => /C:/a/bar.dll [application directory]\n");
    case_put_text(c, "/C:/windows/my.asm.manifest", "<assembly><file name='bar.dll'/></assembly>");
    dll(c, "/C:/windows/bar.dll");
    assert_string_equal(answer(c, "/C:/a/p.exe"),
                        "foo.dll => /C:/windows/foo.dll [Windows directory]\n"
                        "bar.dll => /C:/windows/bar.dll [side-by-side assembly]\n");
}

static void an_assembly_of_a_library_may_be_missing(void **state)
{
    struct world_case *c = *state;
    standard(c);
    PE(c, "/C:/a/p.exe", .imports = FOO);
    PE(c, "/C:/a/foo.dll", .dll = true, .manifest = MANIFEST,
       .imports = IMPORTS({ .library = "bar.dll" }));
    dll(c, "/C:/a/bar.dll");
    assert_string_equal(answer(c, "/C:/a/p.exe"),
                        "foo.dll => /C:/a/foo.dll [application directory]\n"
                        "bar.dll => refused: my.asm: error 14001: the side-by-side configuration "
                        "of the library that needs it is incorrect\n");
    c->loader = "wine";
    assert_string_equal(answer(c, "/C:/a/p.exe"),
                        "foo.dll => /C:/a/foo.dll [application directory]\n"
                        "bar.dll => /C:/a/bar.dll [application directory]\n");
}

/* A shared one is with the Windows that is not here. */
static void a_shared_assembly_without_windows(void **state)
{
    struct world_case *c = *state;
    PE(c, "/C:/a/p.exe", .imports = FOO);
    PE(c, "/C:/a/foo.dll", .dll = true, .imports = IMPORTS({ .library = "bar.dll" }),
       .manifest = "<dependentAssembly><assemblyIdentity name='Microsoft.VC90.CRT' "
                   "publicKeyToken='1fc8b3b9a1e18e3b' version='9.0.1.2'/></dependentAssembly>");
    dll(c, "/C:/a/bar.dll");
    assert_string_equal(answer(c, "/C:/a/p.exe"),
                        "foo.dll => /C:/a/foo.dll [application directory]\n"
                        "bar.dll => /C:/a/bar.dll [application directory]\n");
}

#define ASM_MANIFEST(middle) "<assembly>" middle "</assembly>"

/* What only looks like an element. */
static void comments_of_a_manifest_do_not_count(void **state)
{
    struct world_case *c = *state;
    static const char *const hidden[] = {
        ASM_MANIFEST("<!-- <file name='foo.dll'/> -->"),
        ASM_MANIFEST("<!----><![CDATA[<file name='foo.dll'/>]]>"),
        ASM_MANIFEST("<?x <file name='foo.dll'/> ?>"),
        ASM_MANIFEST("<!-- > <file name='foo.dll'/>"),
        ASM_MANIFEST("<file <x name='foo.dll'/>"),
    };
    standard(c);
    PE(c, "/C:/a/p.exe", .imports = FOO, .manifest = MANIFEST);
    dll(c, "/C:/a/my.asm/foo.dll");
    dll(c, "/C:/a/foo.dll");
    for (size_t i = 0; i < TN_COUNT(hidden); i++) {
        case_put_text(c, "/C:/a/my.asm/my.asm.manifest", hidden[i]);
        assert_string_equal(foo(c), "/C:/a/foo.dll");
    }
    case_put_text(c, "/C:/a/my.asm/my.asm.manifest",
                  ASM_MANIFEST("<!-- x -->a<?x?><![CDATA[]]]]><asm:file hash='a>b' "
                               "name='foo.dll'/>"));
    assert_string_equal(foo(c), "/C:/a/my.asm/foo.dll");
}

/* Small files that would take minutes, were each '<' or quote looked for to the end. */
static void a_manifest_is_read_in_one_go(void **state)
{
    struct world_case *c = *state;
    static const char *const parts[] = {
        "<", "<f:", "<file name='", "<!--", "<file ", "<![CDATA["
    };
    const size_t size = 1 << 20;
    char *text = malloc(size + 1);
    assert_non_null(text);
    standard(c);
    PE(c, "/C:/a/p.exe", .imports = FOO, .manifest = MANIFEST);
    dll(c, "/C:/a/foo.dll");
    for (size_t i = 0; i < TN_COUNT(parts); i++) {
        size_t length = strlen(parts[i]), n = 0;
        for (; n + length + 1 < size; n += length)
            memcpy(text + n, parts[i], length);
        text[n] = '>';
        text[n + 1] = '\0';
        case_put_text(c, "/C:/a/my.asm.manifest", text);
        assert_string_equal(foo(c), "/C:/a/foo.dll");
    }
    free(text);
}

#define SHARED_MANIFEST                                                                            \
    "<assembly><dependency><dependentAssembly><assemblyIdentity name='S' version='9.0.10.2' "      \
    "publicKeyToken='k' processorArchitecture='*'/></dependentAssembly></dependency></assembly>"

static void put_shared(struct world_case *c, const char *version)
{
    char path[128];
    snprintf(path, sizeof path, "/C:/windows/WinSxS/Manifests/amd64_s_k_%s_none_1.manifest",
             version);
    case_put_text(c, path, ASM_MANIFEST("<file name='foo.dll'/>"));
    snprintf(path, sizeof path, "/C:/windows/WinSxS/amd64_s_k_%s_none_1/foo.dll", version);
    dll(c, path);
}

/*
 * rule  "Assembly Versions": another major or minor number is another interface; of the others what
 *       is newest and not older than what was asked for
 */
static void of_shared_assemblies_the_newest_that_fits(void **state)
{
    struct world_case *c = *state;
    static const char *const versions[] = { "9.0.10.2", "9.0.10.10", "9.0.9.30", "10.0.99.1",
                                            "9.1.99.1", "9.0.100.1", "9.0.99.1", "9.0.10.1" };
    standard(c);
    PE(c, "/C:/a/p.exe", .imports = FOO, .manifest = SHARED_MANIFEST);
    for (size_t i = 2; i < 5; i++)
        put_shared(c, versions[i]);
    put_shared(c, "9.0.10.1");
    assert_string_equal(foo(c), "refused");
    put_shared(c, "9.0.10.2");
    assert_string_equal(foo(c), "/C:/windows/WinSxS/amd64_s_k_9.0.10.2_none_1/foo.dll");
    put_shared(c, "9.0.10.10");
    assert_string_equal(foo(c), "/C:/windows/WinSxS/amd64_s_k_9.0.10.10_none_1/foo.dll");
    for (size_t i = 0; i < TN_COUNT(versions); i++)
        put_shared(c, versions[i]);
    assert_string_equal(foo(c), "/C:/windows/WinSxS/amd64_s_k_9.0.100.1_none_1/foo.dll");
}

/* W29 */
static void dot_local_redirects_full_paths(void **state)
{
    struct world_case *c = *state;
    standard(c);
    PE(c, "/C:/a/q.exe", .dll = false);
    dll(c, "/C:/x/foo.dll");
    dll(c, "/C:/a/foo.dll");
    case_put_text(c, "/C:/a/q.exe.local", "");
    assert_string_equal(LOAD(c, "C:\\x\\foo.dll"), "C:\\x\\foo.dll => /C:/a/foo.dll [.local]\n");
    c->loader = "wine";
    assert_string_equal(LOAD(c, "C:\\x\\foo.dll"),
                        "C:\\x\\foo.dll => /C:/x/foo.dll [absolute path]\n");
}

/* W30 */
static void a_narrow_process_sees_another_system_directory(void **state)
{
    struct world_case *c = *state;
    standard(c);
    PE(c, "/C:/a/p.exe", .bits = 32, .imports = FOO);
    narrow_dll(c, "/C:/windows/system32/foo.dll");
    assert_string_equal(foo(c), "/C:/windows/system32/foo.dll");
    assert_true(tenon_world_put_dir(c->world, "/C:/windows/SysWOW64", NULL));
    assert_string_equal(foo(c), "missing");
    narrow_dll(c, "/C:/windows/SysWOW64/foo.dll");
    assert_string_equal(foo(c), "/C:/windows/SysWOW64/foo.dll");
}

/* rule  File System Redirector: whatever way the process comes to System32 by */
static void every_way_to_the_system_directory_is_redirected(void **state)
{
    struct world_case *c = *state;
    standard(c);
    PE(c, "/C:/a/p.exe", .bits = 32, .imports = FOO);
    PE(c, "/C:/a/q.exe", .bits = 32, .dll = false);
    assert_true(tenon_world_put_dir(c->world, "/C:/windows/SysWOW64", NULL));
    narrow_dll(c, "/C:/windows/system32/foo.dll");
    narrow_dll(c, "/C:/windows/system32/sub/foo.dll");
    narrow_dll(c, "/C:/windows/system32/spool/foo.dll");
    static const struct {
        const char *path, *expected;
    } cases[] = {
        { "C:\\windows\\System32", "missing" },
        { "C:\\windows\\System32\\", "missing" },
        { "C:\\windows\\System32\\sub", "missing" },
        { "C:\\windows\\System32\\SPOOL", "/C:/windows/system32/spool/foo.dll" },
        { "C:\\Windows\\Sysnative", "/C:/windows/system32/foo.dll" },
    };
    for (size_t i = 0; i < TN_COUNT(cases); i++) {
        case_env(c, "PATH", cases[i].path);
        assert_string_equal(foo(c), cases[i].expected);
    }
    case_cwd(c, "/C:/windows/system32");
    case_env(c, "PATH", "");
    assert_string_equal(foo(c), "missing");
    assert_string_equal(LOAD(c, "C:\\windows\\system32\\foo.dll"),
                        "C:\\windows\\system32\\foo.dll => missing\n");
    narrow_dll(c, "/C:/windows/SysWOW64/foo.dll");
    assert_string_equal(LOAD(c, "C:\\windows\\system32\\foo.dll"),
                        "C:\\windows\\system32\\foo.dll => /C:/windows/SysWOW64/foo.dll "
                        "[absolute path]\n");
    PE(c, "/C:/a/q.exe", .dll = false);
    dll(c, "/C:/windows/system32/foo.dll");
    assert_string_equal(LOAD(c, "C:\\windows\\system32\\foo.dll"),
                        "C:\\windows\\system32\\foo.dll => /C:/windows/system32/foo.dll "
                        "[absolute path]\n");
}

/* rule  "Known DLLs cannot be redirected" */
static void dot_local_leaves_known_libraries_alone(void **state)
{
    struct world_case *c = *state;
    standard(c);
    PE(c, "/C:/a/q.exe", .imports = IMPORTS({ .library = "ole32.dll" }));
    dll(c, "/C:/a/ole32.dll");
    dll(c, "/C:/windows/system32/ole32.dll");
    case_put_text(c, "/C:/a/q.exe.local", "");
    assert_string_equal(answer(c, "/C:/a/q.exe"),
                        "ole32.dll => /C:/windows/system32/ole32.dll [KnownDLLs, usual]\n");
    PE(c, "/C:/a/q.exe", .dll = false);
    assert_string_equal(LOAD(c, "C:\\windows\\system32\\ole32.dll"),
                        "C:\\windows\\system32\\ole32.dll => "
                        "/C:/windows/system32/ole32.dll [absolute path]\n");
}

/* W31 */
static void a_forwarder_brings_its_library(void **state)
{
    struct world_case *c = *state;
    standard(c);
    PE(c, "/C:/a/p.exe", .imports = IMPORTS({ .library = "foo.dll", .names = NAMES("who") }));
    PE(c, "/C:/a/foo.dll", .dll = true,
       .exports = (struct pe_export[]){ { "other", "baz.x" }, { "who", "bar.who" }, { 0 } });
    dll(c, "/C:/p1/bar.dll");
    assert_string_equal(answer(c, "/C:/a/p.exe"),
                        "foo.dll => /C:/a/foo.dll [application directory]\n"
                        "bar.dll => /C:/p1/bar.dll [PATH]\n");
    assert_int_equal(tenon_graph_library(c->graph, 1)->flavour, TENON_NEED_FORWARD);
    assert_int_equal(tenon_graph_library(c->graph, 1)->parent, 0);
}

static void forwarders_are_followed_to_the_end(void **state)
{
    struct world_case *c = *state;
    standard(c);
    PE(c, "/C:/a/p.exe", .imports = IMPORTS({ .library = "foo.dll", .names = NAMES("who") }));
    PE(c, "/C:/a/foo.dll", .dll = true,
       .exports = (struct pe_export[]){ { "who", "bar.#2" }, { 0 } });
    PE(c, "/C:/a/bar.dll", .dll = true,
       .exports = (struct pe_export[]){ { "a", "none.x" }, { "b", "baz.last" }, { 0 } });
    PE(c, "/C:/a/baz.dll", .dll = true,
       .exports = (struct pe_export[]){ { "last", "foo.who" }, { 0 } });
    assert_string_equal(answer(c, "/C:/a/p.exe"),
                        "foo.dll => /C:/a/foo.dll [application directory]\n"
                        "bar.dll => /C:/a/bar.dll [application directory]\n"
                        "baz.dll => /C:/a/baz.dll [application directory]\n");
    assert_int_equal(tenon_graph_library(c->graph, 2)->parent, 1);
}

/* The second symbol asked of a forwarder's library may be a forwarder where the first is none. */
static void forwarders_are_followed_for_each_symbol(void **state)
{
    struct world_case *c = *state;
    standard(c);
    PE(c, "/C:/a/p.exe",
       .imports = IMPORTS({ .library = "foo.dll", .names = NAMES("f") }, { .library = "x.dll" }));
    PE(c, "/C:/a/x.dll", .dll = true,
       .imports = IMPORTS({ .library = "foo.dll", .names = NAMES("g") }));
    PE(c, "/C:/a/foo.dll", .dll = true,
       .exports = (struct pe_export[]){ { "f", "bar.f" }, { "g", "bar.g" }, { 0 } });
    PE(c, "/C:/a/bar.dll", .dll = true,
       .exports = (struct pe_export[]){ { "f", NULL }, { "g", "baz.g" }, { 0 } });
    dll(c, "/C:/a/baz.dll");
    assert_string_equal(answer(c, "/C:/a/p.exe"),
                        "foo.dll => /C:/a/foo.dll [application directory]\n"
                        "x.dll => /C:/a/x.dll [application directory]\n"
                        "bar.dll => /C:/a/bar.dll [application directory]\n"
                        "baz.dll => /C:/a/baz.dll [application directory]\n");
}

/* What one program asked of a forwarder is nothing to the next that the resolver is asked about. */
static void forwarders_are_of_one_process(void **state)
{
    static const char alone[] = "bar.dll => /C:/a/bar.dll [application directory]\n";
    struct world_case *c = *state;
    standard(c);
    PE(c, "/C:/a/p.exe", .imports = IMPORTS({ .library = "foo.dll", .names = NAMES("f") }));
    PE(c, "/C:/a/foo.dll", .dll = true,
       .imports = IMPORTS({ .library = "bar.dll", .names = NAMES("own") }),
       .exports = (struct pe_export[]){ { "f", "bar.g" }, { 0 } });
    PE(c, "/C:/a/bar.dll", .dll = true,
       .exports = (struct pe_export[]){ { "g", "baz.g" }, { "own", NULL }, { 0 } });
    dll(c, "/C:/a/baz.dll");
    const char *whole = "foo.dll => /C:/a/foo.dll [application directory]\n"
                        "bar.dll => /C:/a/bar.dll [application directory]\n"
                        "baz.dll => /C:/a/baz.dll [application directory]\n";
    assert_string_equal(answer(c, "/C:/a/foo.dll"), alone);
    assert_string_equal(answer(c, "/C:/a/p.exe"), whole);
    assert_string_equal(answer_again(c, "/C:/a/foo.dll"), alone);
    assert_string_equal(answer_again(c, "/C:/a/p.exe"), whole);
}

/* W32 */
static void quotes_in_path_are_letters(void **state)
{
    struct world_case *c = *state;
    standard(c);
    dll(c, "/C:/p1/foo.dll");
    case_env(c, "PATH", "\"C:\\p1\"");
    assert_string_equal(foo(c), "missing");
    case_env(c, "PATH", ";;..\\p1;");
    assert_string_equal(foo(c), "/C:/d/../p1/foo.dll");
}

/* W33 */
static void overrides_of_wine(void **state)
{
    struct world_case *c = *state;
    standard(c);
    c->loader = "wine";
    PE(c, "/C:/a/p.exe", .imports = IMPORTS({ .library = "version.dll" }));
    PE(c, "/C:/windows/system32/version.dll", .dll = true, .stub = "Wine builtin DLL");
    assert_string_equal(foo(c), "/C:/windows/system32/version.dll");
    case_env(c, "WINEDLLOVERRIDES", "other=b;version=n");
    assert_string_equal(foo(c), "missing");
    dll(c, "/C:/a/version.dll");
    assert_string_equal(foo(c), "/C:/a/version.dll");
    case_env(c, "WINEDLLOVERRIDES", "version=");
    assert_string_equal(foo(c), "refused");
}

/* A prefix of Wine: /w/drive_c is drive C:. */
static void put_prefix(struct world_case *c, const char *system, const char *user)
{
    static const char *const dirs[] = { "/w/drive_c/a", "/w/drive_c/windows/system32",
                                        "/w/drive_c/d" };
    PE(c, "/w/drive_c/a/p.exe", .imports = FOO);
    for (size_t i = 0; i < 3; i++)
        assert_true(tenon_world_put_dir(c->world, dirs[i], NULL));
    case_cwd(c, "/w/drive_c/d");
    case_put_text(c, "/w/system.reg", system);
    case_put_text(c, "/w/user.reg", user);
}

static const char *prefix_answer(struct world_case *c)
{
    answer(c, "/w/drive_c/a/p.exe");
    const tenon_library *l = tenon_graph_library(c->graph, 0);
    return l->status == TENON_STATUS_FOUND ? l->path : tenon_status_name(l->status);
}

#define REG "WINE REGISTRY Version 2\n;; All keys relative to \\\\Machine\n\n#arch=win64\n\n"
#define MANAGER "[System\\\\CurrentControlSet\\\\Control\\\\Session Manager"

static void the_registry_of_a_prefix_is_read(void **state)
{
    struct world_case *c = *state;
    put_prefix(c,
               REG MANAGER "] 17\n\"SafeDllSearchMode\"=dword:00000000\n\"X\"=hex(3):61,\\\n  62\n"
                           "[Other]\n\"SafeDllSearchMode\"=dword:00000001\n",
               "");
    dll(c, "/w/drive_c/windows/system32/foo.dll");
    dll(c, "/w/drive_c/d/foo.dll");
    assert_string_equal(prefix_answer(c), "/w/drive_c/d/foo.dll");
    setting(c, "SafeDllSearchMode", "1");
    assert_string_equal(prefix_answer(c), "/w/drive_c/windows/system32/foo.dll");
    dll(c, "/w/drive_c/a/foo.dll");
    assert_string_equal(prefix_answer(c), "/w/drive_c/a/foo.dll");
    case_put_text(c, "/w/system.reg",
                  REG MANAGER "\\\\KnownDLLs]\n\"b\"=\"bar.dll\"\n\"f\"=str(2):\"F\\x006fo.dll\"\n"
                              "\"DllDirectory\"=\"C:\\\\x\"\n");
    assert_string_equal(prefix_answer(c), "/w/drive_c/windows/system32/foo.dll");
    assert_string_equal(tenon_graph_library(c->graph, 0)->rule->name, "KnownDLLs");
    case_put_text(c, "/w/system.reg",
                  REG MANAGER "\\\\KnownDLLs]\n\"f\"=\"foo.dll\"\n" MANAGER
                              "]\n\"ExcludeFromKnownDlls\"=str(7):\"x\\0foo.dll\\0\"\n");
    assert_string_equal(prefix_answer(c), "/w/drive_c/a/foo.dll");
}

/* Memory for each value that is as much as for all before it would be gigabytes. */
static void a_long_list_of_known_libraries(void **state)
{
    struct world_case *c = *state;
    enum { VALUES = 20000 };
    struct rusage before, after;
    char *text = malloc(64 + VALUES * 32), *p = text;
    assert_non_null(text);
    p += sprintf(p, "%s", REG MANAGER "\\\\KnownDLLs]\n");
    for (int i = 0; i < VALUES; i++)
        p += sprintf(p, "\"%d\"=\"%d.dll\"\n", i, i);
    sprintf(p, "\"f\"=\"foo.dll\"\n");
    put_prefix(c, text, "");
    dll(c, "/w/drive_c/windows/system32/foo.dll");
    dll(c, "/w/drive_c/a/foo.dll");
    assert_int_equal(getrusage(RUSAGE_SELF, &before), 0);
    assert_string_equal(prefix_answer(c), "/w/drive_c/windows/system32/foo.dll");
    assert_int_equal(getrusage(RUSAGE_SELF, &after), 0);
    assert_in_range(after.ru_maxrss - before.ru_maxrss, 0, 256 * 1024); /* KiB */
    free(text);
}

static void overrides_in_the_registry(void **state)
{
    struct world_case *c = *state;
    put_prefix(c, "",
               REG "[Software\\\\Wine\\\\DllOverrides] 1\n\"*foo\"=\"native\"\n"
                   "[Software\\\\Wine\\\\AppDefaults\\\\q.exe\\\\DllOverrides]\n"
                   "\"foo.dll\"=\"builtin\"\n");
    c->loader = "wine";
    PE(c, "/w/drive_c/windows/system32/foo.dll", .dll = true, .stub = "Wine builtin DLL");
    assert_string_equal(prefix_answer(c), "missing");
    case_env(c, "WINEDLLOVERRIDES", "foo=b"); /* comes first */
    assert_string_equal(prefix_answer(c), "/w/drive_c/windows/system32/foo.dll");
    case_env(c, "WINEDLLOVERRIDES", "");
    assert_string_equal(prefix_answer(c), "missing");
    case_put_text(c, "/w/user.reg",
                  REG "[software\\\\wine\\\\dlloverrides]\n\"foo\"=\"native\"\n"
                      "[Software\\\\Wine\\\\AppDefaults\\\\P.EXE\\\\DllOverrides]\n"
                      "\"foo.dll\"=\"builtin\"\n");
    assert_string_equal(prefix_answer(c), "/w/drive_c/windows/system32/foo.dll");
    case_put_text(c, "/w/user.reg",
                  REG "[Software\\\\Wine\\\\DllOverrides]\n\"foo\"=\"disabled\"\n");
    assert_string_equal(prefix_answer(c), "refused");
}

/* W34 */
static void an_importer_has_flags_of_its_own(void **state)
{
    struct world_case *c = *state;
    standard(c);
    PE(c, "/C:/a/p.exe", .imports = FOO, .dependent_load_flags = 0x800);
    dll(c, "/C:/a/foo.dll");
    assert_string_equal(foo(c), "missing");
    dll(c, "/C:/windows/system32/foo.dll");
    assert_string_equal(foo(c), "/C:/windows/system32/foo.dll");
}

/* ... which count behind an absolute path, too */
static void an_importers_flags_count_in_a_call(void **state)
{
    struct world_case *c = *state;
    standard(c);
    PE(c, "/C:/a/q.exe", .dll = false);
    PE(c, "/C:/d1/user.dll", .dll = true, .imports = FOO, .dependent_load_flags = 0x800);
    dll(c, "/C:/a/foo.dll");
    assert_string_equal(LOAD(c, "C:\\d1\\user.dll"),
                        "C:\\d1\\user.dll => /C:/d1/user.dll [absolute path]\n"
                        "foo.dll => missing\n");
}

static void hybrid_images_serve_two_machines(void **state)
{
    struct world_case *c = *state;
    standard(c);
    PE(c, "/C:/a/foo.dll", .dll = true, .machine = 0xaa64, .hybrid = true);
    assert_string_equal(foo(c), "/C:/a/foo.dll");
    PE(c, "/C:/a/foo.dll", .dll = true, .machine = 0xaa64);
    assert_string_equal(foo(c), "missing");
}

static void without_windows_its_libraries_are_the_systems(void **state)
{
    struct world_case *c = *state;
    PE(c, "/app/q.exe",
       .imports =
           IMPORTS({ .library = "KERNEL32.dll" }, { .library = "api-ms-win-crt-x-l1-1-0.dll" },
                   { .library = "VERSION.dll" }, { .library = "mine.dll" }),
       .delays = IMPORTS({ .library = "late.dll" }));
    assert_string_equal(answer(c, "/app/q.exe"), "KERNEL32.dll => system\n"
                                                 "api-ms-win-crt-x-l1-1-0.dll => system\n"
                                                 "VERSION.dll => system\n"
                                                 "mine.dll => missing\n"
                                                 "late.dll => missing\n");
    assert_string_equal(tenon_graph_library(c->graph, 0)->path,
                        "/C:/Windows/System32/kernel32.dll");
    static const char *const rules[] = { "KnownDLLs, usual", "API set, assumed",
                                         "system directory, assumed" };
    for (size_t i = 0; i < 3; i++) {
        const tenon_rule *rule = tenon_graph_library(c->graph, i)->rule;
        assert_string_equal(rule->name, rules[i]);
        assert_true(tenon_evidence_is_uncertain(rule->evidence));
    }
    assert_true(tenon_graph_library(c->graph, 4)->optional);
}

static void a_program_answers_to_its_own_name(void **state)
{
    struct world_case *c = *state;
    standard(c);
    PE(c, "/C:/a/P.exe", .imports = FOO);
    PE(c, "/C:/a/foo.dll", .dll = true, .imports = IMPORTS({ .library = "p.EXE" }));
    assert_string_equal(answer(c, "/C:/a/P.exe"),
                        "foo.dll => /C:/a/foo.dll [application directory]\n");
}

/* ---- Cygwin -------------------------------------------------------------------------------- */

/* /opt/x/bin/q.exe of Cygwin, whose root is /opt/x for what it calls /usr/bin. */
static void cygwin(struct world_case *c)
{
    PE(c, "/C:/cyg/bin/q.exe", .imports = IMPORTS({ .library = "cygwin1.dll" }));
    PE(c, "/C:/cyg/bin/cygwin1.dll", .dll = true, .own_name = "cygwin1.dll");
    assert_true(tenon_world_put_dir(c->world, "/C:/cyg/lib", NULL));
}

static const char *opened_by(struct world_case *c, const char *program, const char *name)
{
    tenon_state *process = tenon_state_new(NULL);
    assert_true(
        tenon_state_add(process, &(tenon_loaded){ .source.path = program, .loaded_by = -1 }, NULL));
    assert_true(tenon_state_request(process, name, 0, 0, NULL));
    answer_state(c, process);
    tenon_state_free(process);
    const tenon_library *l = tenon_graph_library(c->graph, tenon_graph_count(c->graph) - 1);
    return l->status == TENON_STATUS_FOUND ? l->path : tenon_status_name(l->status);
}

static const char *cygwin_open(struct world_case *c, const char *name)
{
    return opened_by(c, "/C:/cyg/bin/q.exe", name);
}

/* C1, C2 */
static void cygwins_libraries_are_beside_the_program(void **state)
{
    struct world_case *c = *state;
    cygwin(c);
    assert_string_equal(answer(c, "/C:/cyg/bin/q.exe"),
                        "cygwin1.dll => /C:/cyg/bin/cygwin1.dll [application directory]\n");
    assert_string_equal(tenon_loader_name(tenon_graph_loader(c->graph)), "cygwin");
    PE(c, "/C:/cyg/home/u/q.exe", .imports = IMPORTS({ .library = "cygwin1.dll" }));
    case_env(c, "LD_LIBRARY_PATH", "/usr/bin");
    assert_string_equal(answer(c, "/C:/cyg/home/u/q.exe"), "cygwin1.dll => missing\n");
}

/* C3, C4 */
static void names_that_dlopen_makes(void **state)
{
    struct world_case *c = *state;
    cygwin(c);
    dll(c, "/C:/cyg/lib/cygfoo.dll");
    assert_string_equal(cygwin_open(c, "libfoo.so"), "/C:/cyg/lib/cygfoo.dll");
    dll(c, "/C:/cyg/bin/libfoo.dll");
    assert_string_equal(cygwin_open(c, "libfoo.so"), "/C:/cyg/bin/libfoo.dll");
    dll(c, "/C:/cyg/bin/cygfoo.dll");
    assert_string_equal(cygwin_open(c, "libfoo.so"), "/C:/cyg/bin/cygfoo.dll");
    dll(c, "/C:/cyg/o/libfoo.dll");
    case_env(c, "LD_LIBRARY_PATH", "/o");
    assert_string_equal(cygwin_open(c, "libfoo.so"), "/C:/cyg/o/libfoo.dll");
}

/* C5 */
static void a_lib_directory_stands_for_the_programs_bin(void **state)
{
    struct world_case *c = *state;
    cygwin(c);
    dll(c, "/C:/cyg/bin/cygfoo.dll");
    dll(c, "/C:/cyg/lib/cygfoo.dll");
    assert_string_equal(cygwin_open(c, "/lib/libfoo.so"), "/C:/cyg/bin/cygfoo.dll");
}

/* C6, C6b, C6c */
static void what_dlopen_does_not_find(void **state)
{
    struct world_case *c = *state;
    cygwin(c);
    dll(c, "/C:/p/foo.dll");
    case_env(c, "PATH", "C:\\p");
    assert_string_equal(cygwin_open(c, "foo.so"), "missing");
    dll(c, "/C:/cyg/bin/cygfoo.dll");
    assert_string_equal(cygwin_open(c, "libfoo"), "missing");
    dll(c, "/C:/cyg/opt/x/lib/cygfoo.dll");
    case_put_text(c, "/C:/cyg/opt/x/lib/libfoo.so", "INPUT(-lfoo)");
    assert_string_equal(cygwin_open(c, "/opt/x/lib/libfoo.so"), "refused");
}

/* C5 as it stands: "/" is above the bin of the runtime, wherever the program is. */
static void the_root_is_that_of_the_runtime(void **state)
{
    struct world_case *c = *state;
    cygwin(c);
    PE(c, "/C:/cyg/opt/x/bin/app.exe", .imports = IMPORTS({ .library = "cygwin1.dll" }));
    dll(c, "/C:/cyg/opt/x/bin/cygfoo.dll");
    case_env(c, "PATH", "C:\\none;C:\\cyg\\bin");
    assert_string_equal(opened_by(c, "/C:/cyg/opt/x/bin/app.exe", "/opt/x/lib/libfoo.so"),
                        "/C:/cyg/opt/x/bin/cygfoo.dll");
    dll(c, "/C:/cyg/lib/cygbar.dll");
    assert_string_equal(opened_by(c, "/C:/cyg/opt/x/bin/app.exe", "libbar.so"),
                        "/C:/cyg/lib/cygbar.dll");
}

static void relative_directories_are_below_the_current_one(void **state)
{
    struct world_case *c = *state;
    cygwin(c);
    dll(c, "/C:/cyg/sub/libfoo.so");
    dll(c, "/C:/d/sub/libbar.so");
    case_cwd(c, "/C:/d");
    assert_string_equal(cygwin_open(c, "sub/libfoo.so"), "missing");
    assert_string_equal(cygwin_open(c, "sub/libbar.so"), "/C:/d/sub/libbar.so");
    assert_string_equal(cygwin_open(c, "./sub/libbar.so"), "/C:/d/sub/libbar.so");
    case_env(c, "LD_LIBRARY_PATH", "sub");
    assert_string_equal(cygwin_open(c, "libbar.so"), "/C:/d/sub/libbar.so");
}

/* rule  dlfcn.cc: a dot is appended, so that Windows appends nothing */
static void no_suffix_is_added_to_a_name_of_dlopen(void **state)
{
    struct world_case *c = *state;
    cygwin(c);
    dll(c, "/C:/cyg/bin/foo.dll");
    assert_string_equal(cygwin_open(c, "foo"), "missing");
    dll(c, "/C:/p/foo");
    case_env(c, "PATH", "C:\\p");
    assert_string_equal(cygwin_open(c, "foo"), "/C:/p/foo");
    assert_string_equal(cygwin_open(c, "foo.dll"), "/C:/cyg/bin/foo.dll");
}

/* C9 */
static void msys_has_its_own_prefix(void **state)
{
    struct world_case *c = *state;
    PE(c, "/C:/cyg/bin/q.exe", .imports = IMPORTS({ .library = "msys-2.0.dll" }));
    PE(c, "/C:/cyg/bin/msys-2.0.dll", .dll = true, .own_name = "msys-2.0.dll");
    dll(c, "/C:/cyg/bin/msys-foo.dll");
    assert_string_equal(answer(c, "/C:/cyg/bin/q.exe"),
                        "msys-2.0.dll => /C:/cyg/bin/msys-2.0.dll [application directory]\n");
    assert_string_equal(cygwin_open(c, "libfoo.so"), "/C:/cyg/bin/msys-foo.dll");
}

/* A drive that is not there is not the top of the world. */
static void directories_of_a_drive_that_is_not_here(void **state)
{
    struct world_case *c = *state;
    standard(c);
    case_env(c, "PATH", "D:\\p1");
    dll(c, "/p1/foo.dll");
    assert_string_equal(foo(c), "missing");
}

static void check_given(struct world_case *c, const char *path, const char *in_world)
{
    char *given = tn_windows_given(c->world, path);
    if (in_world)
        assert_string_equal(given, in_world);
    else
        assert_null(given);
    free(given);
}

/* What a command is given: only whole paths, so that no name of another system is taken for one. */
static void paths_as_people_write_them(void **state)
{
    struct world_case *c = *state;
    check_given(c, "C:\\a\\p.exe", NULL); /* no Windows here */
    standard(c);
    check_given(c, "C:\\a\\p.exe", "/C:/a/p.exe");
    check_given(c, "c:/A\\P.EXE", "/C:/a/p.exe");
    check_given(c, "C:\\", "/C:");
    check_given(c, "C:\\a\\nix.exe", "/C:/a/nix.exe");
    check_given(c, "D:\\p.exe", NULL);
    assert_true(tenon_world_put_dir(c->world, "/D:", NULL));
    check_given(c, "d:\\p.exe", "/D:/p.exe");
    check_given(c, "\\a\\p.exe", "/C:/a/p.exe");
    static const char *const none[] = { "",   "p.exe",   "a\\p.exe", "/a/p.exe",
                                        "C:", "C:p.exe", "1:\\x" };
    for (size_t i = 0; i < TN_COUNT(none); i++)
        check_given(c, none[i], NULL);
}

static void paths_of_a_prefix(void **state)
{
    struct world_case *c = *state;
    PE(c, "/drive_c/a/p.exe", .dll = false);
    assert_true(tenon_world_put_dir(c->world, "/dosdevices/e:", NULL));
    check_given(c, "C:\\A\\p.exe", "/drive_c/a/p.exe");
    check_given(c, "E:\\x", "/dosdevices/e:/x");
}

static void paths_of_a_disk(void **state)
{
    struct world_case *c = *state;
    assert_true(tenon_world_put_dir(c->world, "/WINDOWS/System32", NULL));
    check_given(c, "c:\\windows\\SYSTEM32", "/WINDOWS/System32");
}

/* The root of a drive is a place, though the world has no name for it but "/". */
static void the_top_of_a_drive(void **state)
{
    struct world_case *c = *state;
    assert_true(tenon_world_put_dir(c->world, "/Windows/System32", NULL));
    check_given(c, "C:\\", "/");
    check_given(c, "\\", "/");
    PE(c, "/a/p.exe", .imports = FOO);
    dll(c, "/foo.dll");
    case_cwd(c, "/a");
    case_env(c, "PATH", "C:\\");
    assert_string_equal(answer(c, "/a/p.exe"), "foo.dll => /foo.dll [PATH]\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(each_directory_in_turn),
        CASE(case_does_not_count),
        CASE(another_machine_is_passed_over),
        CASE(what_is_no_image_ends_the_search),
        CASE(directories_and_dangling_links),
        CASE(a_missing_dependency_fails_the_whole),
        CASE(a_loaded_module_answers_to_its_name),
        CASE(flags_of_load_library),
        CASE(load_directories_are_of_one_process),
        CASE(without_safe_mode_the_current_directory_is_second),
        CASE(directories_of_the_process),
        CASE(forms_of_a_name),
        CASE(directories_of_a_drive_that_is_not_here),
        CASE(paths_as_people_write_them),
        CASE(paths_of_a_prefix),
        CASE(paths_of_a_disk),
        CASE(the_top_of_a_drive),
        CASE(contracts_of_every_schema),
        CASE(contracts_that_the_schema_does_not_have),
        CASE(a_contract_may_depend_on_who_asks),
        CASE(known_libraries_come_from_the_system),
        CASE(imports_of_known_libraries_are_known),
        CASE(a_private_assembly_is_final),
        CASE(a_missing_assembly),
        CASE(a_library_has_assemblies_of_its_own),
        CASE(an_assembly_of_a_library_may_be_missing),
        CASE(a_shared_assembly_without_windows),
        CASE(comments_of_a_manifest_do_not_count),
        CASE(a_manifest_is_read_in_one_go),
        CASE(of_shared_assemblies_the_newest_that_fits),
        CASE(dot_local_redirects_full_paths),
        CASE(dot_local_leaves_known_libraries_alone),
        CASE(a_narrow_process_sees_another_system_directory),
        CASE(every_way_to_the_system_directory_is_redirected),
        CASE(a_forwarder_brings_its_library),
        CASE(forwarders_are_followed_to_the_end),
        CASE(forwarders_are_followed_for_each_symbol),
        CASE(forwarders_are_of_one_process),
        CASE(quotes_in_path_are_letters),
        CASE(overrides_of_wine),
        CASE(the_registry_of_a_prefix_is_read),
        CASE(a_long_list_of_known_libraries),
        CASE(overrides_in_the_registry),
        CASE(an_importer_has_flags_of_its_own),
        CASE(an_importers_flags_count_in_a_call),
        CASE(hybrid_images_serve_two_machines),
        CASE(without_windows_its_libraries_are_the_systems),
        CASE(a_program_answers_to_its_own_name),
        CASE(cygwins_libraries_are_beside_the_program),
        CASE(names_that_dlopen_makes),
        CASE(a_lib_directory_stands_for_the_programs_bin),
        CASE(what_dlopen_does_not_find),
        CASE(the_root_is_that_of_the_runtime),
        CASE(relative_directories_are_below_the_current_one),
        CASE(no_suffix_is_added_to_a_name_of_dlopen),
        CASE(msys_has_its_own_prefix),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
