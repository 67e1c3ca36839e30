/* SPDX-License-Identifier: MIT */
#include "outbox_drain.h"

#include "log.h"
#include "process.h"

/* Items that are posted before what became of them is noted, in one transaction. */
#define BATCH 50
/* Of a destination and a pass: the alerts beside it have their turn. */
#define PASS_MAX 1000
#define FIRST_PAUSE 1 /* seconds */
#define LAST_PAUSE 60
#define FIRST_PUT_OFF 15
#define LAST_PUT_OFF 3600

/* What an answer says about the item, or that it says something about the destination. */
enum verdict { DELIVERED, REFUSED, PUT_OFF, UNWELL };

static enum verdict
judge(int status)
{
	switch (status) {
	case 200:
	case 201:
	case 202:
		return DELIVERED;
	case 400:
	case 413:
	case 415:
	case 422:
		return REFUSED;
	case 500:
		return PUT_OFF;
	default: /* none; a key or an address that is wrong; busy; a gateway without its service */
		return UNWELL;
	}
}

static int64_t
put_off_seconds(int64_t attempts)
{
	int64_t seconds = FIRST_PUT_OFF;

	while (attempts-- > 0 && seconds < LAST_PUT_OFF)
		seconds *= 2;
	return seconds < LAST_PUT_OFF ? seconds : LAST_PUT_OFF;
}

static void
leave_alone(
    struct outbox_lane *lane, enum destination to, const struct forward_answer *answer, int64_t now)
{
	int64_t forward_s = (forward_pause_us(lane->to) + 999999) / 1000000;

	lane->pause = lane->pause == 0 ? FIRST_PAUSE : lane->pause * 2;
	if (lane->pause > LAST_PAUSE)
		lane->pause = LAST_PAUSE;
	lane->next_at = now + (lane->pause > forward_s ? lane->pause : forward_s);
	if (answer->status == 0)
		log_warnx("outbox to %s: %s", destination_names[to], answer->why);
	else
		log_warnx("outbox to %s: answered %d", destination_names[to], answer->status);
}

/* Posts up to BATCH items behind *behind; *n says how many verdicts there are. */
static int
post_batch(struct outbox_drain *d, struct arena *mem, enum destination to, int64_t now,
    int64_t *behind, struct outbox_verdict verdicts[BATCH], size_t *n)
{
	struct outbox_lane *lane = &d->lanes[to];
	struct outbox_item item;
	int st = DB_ROW;

	for (*n = 0; *n < BATCH && lane->next_at <= now && !process_stopping();) {
		struct forward_answer answer;

		if ((st = outbox_next(d->db, mem, to, *behind, now, &item)) != DB_ROW)
			break;
		answer = forward_post(lane->to, item.event, item.body, item.len);
		verdicts[*n] = (struct outbox_verdict){.id = item.id, .outcome = OUTBOX_DELIVERED};
		switch (judge(answer.status)) {
		case DELIVERED:
			break;
		case REFUSED:
			verdicts[*n].outcome = OUTBOX_REFUSED;
			log_warnx("outbox to %s: item %lld was refused with %d and is dropped",
			    destination_names[to], (long long)item.id, answer.status);
			break;
		case PUT_OFF:
			verdicts[*n].outcome = OUTBOX_PUT_OFF;
			verdicts[*n].next_at = now + put_off_seconds(item.attempts);
			break;
		case UNWELL:
			leave_alone(lane, to, &answer, now);
			continue;
		}
		lane->pause = 0;
		*behind = item.id;
		(*n)++;
	}
	return st;
}

/* Returns DB_ROW if there is more to do at once, DB_NONE if not, or DB_FAILED. */
static int
drain_lane(struct outbox_drain *d, struct arena *mem, enum destination to, int64_t now)
{
	struct outbox_verdict verdicts[BATCH];
	int64_t behind = 0, dropped = 0;

	if (outbox_expire(d->db, to, now, &dropped) == DB_FAILED)
		return DB_FAILED;
	if (dropped > 0)
		log_warnx("outbox to %s: %lld items were too old and are dropped",
		    destination_names[to], (long long)dropped);
	for (int left = PASS_MAX; left > 0; left -= BATCH) {
		size_t n;
		int st = post_batch(d, mem, to, now, &behind, verdicts, &n);

		arena_reset(mem);
		if (outbox_settle(d->db, verdicts, n) == DB_FAILED || st == DB_FAILED)
			return DB_FAILED;
		if (n < BATCH)
			return DB_NONE;
	}
	return DB_ROW;
}

int
outbox_drain_anew(struct outbox_drain *d, int64_t now)
{
	for (int to = 0; to < DESTINATIONS; to++)
		d->lanes[to].next_at = 0;
	return outbox_unwait(d->db, now, LAST_PUT_OFF);
}

int
outbox_drain(struct outbox_drain *d, struct arena *mem, int64_t now, int64_t *next)
{
	*next = INT64_MAX;
	for (int to = 0; to < DESTINATIONS; to++) {
		struct outbox_lane *lane = &d->lanes[to];
		int64_t soonest = INT64_MAX;
		int st = drain_lane(d, mem, (enum destination)to, now);

		if (st == DB_FAILED ||
		    outbox_soonest(d->db, (enum destination)to, &soonest) == DB_FAILED)
			return -1;
		if (soonest < lane->next_at)
			soonest = lane->next_at;
		if (st == DB_ROW)
			soonest = now;
		if (soonest < *next)
			*next = soonest;
	}
	return 0;
}
