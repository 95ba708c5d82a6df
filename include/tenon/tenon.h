/* include/tenon/tenon.h - everything that is installed, in one include */
#ifndef TENON_TENON_H
#define TENON_TENON_H

#include <tenon/bundle.h>
#include <tenon/error.h>
#include <tenon/find.h>
#include <tenon/image.h>
#include <tenon/loader.h>
#include <tenon/ocaml.h>
#include <tenon/ocaml_process.h>
#include <tenon/plist.h>
#include <tenon/process.h>
#include <tenon/resolve.h>
#include <tenon/signature.h>
#include <tenon/unit.h>
#include <tenon/world.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The version of the library that is linked, "0.1.0". A constant. */
TENON_API const char *tenon_version_string(void);

#ifdef __cplusplus
}
#endif
#endif
