/* src/process/mangled.h - what C++ names of symbols tell */
#ifndef TN_MANGLED_H
#define TN_MANGLED_H

#include <stdbool.h>

/*
 * Is it a static of a function of the C++ library, which has nothing of its user's in it? What is
 * made for a type of the user's ("std::hash<Key>") may be the user's own specialisation, and is
 * not.
 *
 * rule  Itanium C++ ABI, 5.1.6: local names begin with Z and the function; 5.1.10: St is std
 */
bool tn_mangled_is_library_static(const char *symbol);

/*
 * Is `guard` the variable that says whether `object` is initialised?
 *
 * rule  Itanium C++ ABI, 5.1.5.2: _ZGV and the object's name
 */
bool tn_mangled_is_guard_of(const char *guard, const char *object);
bool tn_mangled_is_guard(const char *symbol);

#endif
