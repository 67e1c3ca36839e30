/* SPDX-License-Identifier: MIT */
/* page: which page an address is of, so that a shop of a million items has few pages.  Pure. */
#ifndef PAGE_H
#define PAGE_H

#include "arena.h"

/*
 * The path of an address, without query and fragment, "/" if it has none; segments
 * that are numbers or UUIDs become {id}.
 */
const char *page_of(struct arena *, const char *url);

#endif
