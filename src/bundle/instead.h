/* src/bundle/instead.h - what a file is that was taken for something else, and who takes it */
#ifndef TN_INSTEAD_H
#define TN_INSTEAD_H

/*
 * "a shared library (tenon pack takes those)", "an archive (tenon build takes those)": a constant.
 * NULL: it is none of these, or cannot be read.
 */
const char *tn_instead(const char *path);

#endif
