/* SPDX-License-Identifier: MIT */
/*
 * sketch: how many of a set of numbers lie where, closely enough for any quantile.
 *
 * An exponential histogram with base 2^(2^-scale): bin i counts the values in
 * (base^(i-1), base^i], those below zero have bins of their own, and what is
 * closer to zero than SKETCH_ZERO counts as zero.  The boundaries are those of
 * OpenTelemetry's exponential and Prometheus' native histograms.
 *
 * Two sketches add up bin for bin, exactly and in any order.  A sketch begins at
 * SKETCH_SCALE and halves its resolution whenever it would have more than
 * SKETCH_MAX_BINS bins; its scale depends on the values alone, not on their order
 * or on how they were divided before they were added up.
 *
 * Counts are exact.  A quantile is off by at most sketch_error(scale), relative.
 */
#ifndef SKETCH_H
#define SKETCH_H

#include <stddef.h>
#include <stdint.h>

#include "arena.h"
#include "buf.h"

#define SKETCH_SCALE 6        /* 0.54 % */
#define SKETCH_MIN_SCALE (-1) /* here all finite numbers fit in SKETCH_MAX_BINS */
#define SKETCH_MAX_BINS 2048
#define SKETCH_ZERO 1e-12

struct sketch;

/* A sketch of nothing; its memory comes from the arena. */
struct sketch *sketch_new(struct arena *);
/* Makes it one of nothing again and keeps its memory. */
void sketch_clear(struct sketch *);

/* Counts a finite value n times. */
void sketch_add(struct sketch *, double value, uint64_t n);
/* Adds all that the other one counts. */
void sketch_merge(struct sketch *, const struct sketch *);
/*
 * Takes away what the other one counts.  Returns 0, or -1 and changes nothing
 * beyond the scale if the other one counts something that this one does not.
 */
int sketch_subtract(struct sketch *, const struct sketch *);
/* Reduces the resolution to that scale; nothing happens if it is no finer. */
void sketch_downscale(struct sketch *, int scale);

int sketch_scale(const struct sketch *);
uint64_t sketch_count(const struct sketch *);
/* The value of nearest rank ceil(q * count), 0 <= q <= 1; NAN if there is none. */
double sketch_quantile(const struct sketch *, double q);
/*
 * How many are at most limit.  All of the bin that limit lies in are counted: among them
 * those that equal it, which are many where times are round.
 */
uint64_t sketch_count_up_to(const struct sketch *, double limit);
/* The greatest relative error of a quantile at that scale. */
double sketch_error(int scale);

/* Appends the sketch as bytes; equal sketches give equal bytes. */
void sketch_encode(const struct sketch *, struct buf *);
/*
 * Adds what the bytes say, which sketch_encode() wrote.  Returns 0, or -1 if they
 * are damaged; the sketch is then of no more use.
 */
int sketch_decode(struct sketch *, const void *bytes, size_t len);

#endif
