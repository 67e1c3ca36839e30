/* SPDX-License-Identifier: MIT */
/*
 * frames: an occurrence as it is answered.  Frames and causes that a client sent are
 * left as they are; where it sent a traceback alone they are read out of the text, when
 * the occurrence is looked at: so what is stored stays small, and what the readers learn
 * later is true of old reports as well.
 */
#ifndef FRAMES_H
#define FRAMES_H

#include "json.h"

/* Writes the members of an occurrence, which are those of a JSON object without its braces. */
void frames_write(struct json_out *, const char *members, size_t len);

#endif
