/* SPDX-License-Identifier: MIT */
/* release: which of two releases came later, as far as their names tell. */
#ifndef RELEASE_H
#define RELEASE_H

#include <stdbool.h>

/*
 * Whether one release is known not to be later than another: names are equal, or both
 * are versions ("shop@v1.10.0-rc.1+5", what stands before @ being the same) in the order
 * of Semantic Versioning 2.0.0, 11, with any number of numbers.  NULL and other names
 * have no known order: false.
 */
bool release_not_later(const char *release, const char *than);

#endif
