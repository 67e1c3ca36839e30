/* SPDX-License-Identifier: MIT */
/*
 * rank: a count made coarse.
 *
 * Lists walk along it: the count itself below 32, above that its leading five bits
 * and their place, so that a count that grows seldom moves in an index.  Errors on
 * one page are in the order of their counts; where a page ends among those of one
 * rank, counts that differ by less than 7 % may stand on either side.
 */
#ifndef RANK_H
#define RANK_H

#include <stdint.h>

/* A greater count never has a lesser rank.  The count is not negative. */
int64_t count_rank(int64_t count);

#endif
