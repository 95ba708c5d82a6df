/* src/base/version.c - the version of the library */
#include <tenon/tenon.h>

const char *tenon_version_string(void)
{
    return TENON_VERSION;
}
