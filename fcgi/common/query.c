/* SPDX-License-Identifier: MIT */
#include "query.h"

#include <string.h>

#include "clock.h"
#include "text.h"

/* The parameters as they came, decoded; those without a value are left out. */
struct pairs {
	size_t n;
	struct pair {
		const char *name, *value;
	} pair[];
};

/* Decodes len bytes of s in place, or elsewhere in the arena if they need repair. */
static const char *
decode(struct arena *mem, char *s, size_t len)
{
	char *repaired;

	len = text_url_decode(s, s, len);
	if (memchr(s, '\0', len) == NULL && text_utf8_valid(s, len))
		return s;
	repaired = arena_alloc(mem, 3 * len + 1);
	(void)text_utf8_repair(repaired, s, len);
	return repaired;
}

static struct pairs *
split(struct req *rq)
{
	char *rest = arena_strdup(rq->mem, rq->query), *item, *equals;
	struct pairs *pairs;
	size_t most = 1;

	for (const char *s = rest; most < QUERY_MAX_FIELDS && (s = strchr(s, '&')) != NULL; s++)
		most++;
	pairs = arena_alloc(rq->mem, sizeof *pairs + most * sizeof pairs->pair[0]);
	while (pairs->n < most && (item = strsep(&rest, "&")) != NULL) {
		if ((equals = strchr(item, '=')) == NULL || equals[1] == '\0')
			continue;
		pairs->pair[pairs->n++] = (struct pair){
		    .value = decode(rq->mem, equals + 1, strlen(equals + 1)),
		    .name = decode(rq->mem, item, (size_t)(equals - item)),
		};
	}
	return pairs;
}

/* The last value of that name, or NULL. */
static const char *
last(const struct pairs *pairs, const char *name)
{
	for (size_t i = pairs->n; i-- > 0;)
		if (strcmp(pairs->pair[i].name, name) == 0)
			return pairs->pair[i].value;
	return NULL;
}

static struct query_list
all(struct arena *mem, const struct pairs *pairs, const char *name)
{
	struct query_list list = {0};

	list.items = arena_alloc(mem, pairs->n * sizeof *list.items);
	for (size_t i = 0; i < pairs->n; i++)
		if (strcmp(pairs->pair[i].name, name) == 0)
			list.items[list.n++] = pairs->pair[i].value;
	return list;
}

static int
choice(const char *const *choices, const char *word)
{
	for (int i = 0; choices[i] != NULL; i++)
		if (text_compare_nocase(choices[i], word) == 0)
			return i;
	return -1;
}

static int64_t
within(const struct query_field *f, int64_t value)
{
	return value > f->max ? f->max : value < f->min ? f->fallback : value;
}

static int
refuse(struct req *rq, const struct query_field *f)
{
	char *words;

	switch (f->type) {
	case QUERY_INT:
		return req_fail(rq, 400, "%s must be a whole number from %lld to %lld", f->name,
		    (long long)f->min, (long long)f->max);
	case QUERY_TIME:
		return req_fail(rq, 400, "%s must be " TIME_TAKEN, f->name);
	case QUERY_FLAG:
		return req_fail(rq, 400, "%s must be 1 or 0", f->name);
	case QUERY_CHOICE:
		words = arena_strdup(rq->mem, f->choices[0]);
		for (int i = 1; f->choices[i] != NULL; i++)
			words = arena_printf(rq->mem, "%s, %s", words, f->choices[i]);
		return req_fail(rq, 400, "%s must be one of %s", f->name, words);
	default:
		return req_fail(
		    rq, 400, "%s must be at most %lld bytes long", f->name, (long long)f->max);
	}
}

/* Writes what stands for an absent parameter. */
static void
set_absent(const struct query_field *f, void *to)
{
	switch (f->type) {
	case QUERY_TEXT:
		*(const char **)to = NULL;
		break;
	case QUERY_INT:
		*(int64_t *)to = f->fallback;
		break;
	case QUERY_TIME:
		*(int64_t *)to = QUERY_ABSENT;
		break;
	case QUERY_FLAG:
		*(bool *)to = f->fallback != 0;
		break;
	case QUERY_CHOICE:
		*(int *)to = -1;
		break;
	case QUERY_LIST:
		*(struct query_list *)to = (struct query_list){0};
		break;
	}
}

/* How a flag is written: every other one is true. */
static const char *const flags[] = {"0", "1", "false", "true", NULL};

/* Writes the value; -1 if it is not what the field takes, then nothing is written. */
static int
set(const struct query_field *f, const char *value, void *to)
{
	const bool lenient = (f->flags & QUERY_LENIENT) != 0;
	size_t len = strlen(value);
	int64_t number;
	int word;

	switch (f->type) {
	case QUERY_TEXT:
		if (f->max > 0 && len > (uint64_t)f->max)
			return -1;
		*(const char **)to = value;
		return 0;
	case QUERY_INT:
		if (text_int64(value, len, lenient ? INT64_MIN : f->min,
			lenient ? INT64_MAX : f->max, &number) == -1)
			return -1;
		*(int64_t *)to = lenient ? within(f, number) : number;
		return 0;
	case QUERY_TIME:
		return time_parse(value, len, to);
	case QUERY_FLAG:
		if ((word = choice(flags, value)) == -1)
			return -1;
		*(bool *)to = word % 2 == 1;
		return 0;
	case QUERY_CHOICE:
		if ((word = choice(f->choices, value)) == -1)
			return -1;
		*(int *)to = word;
		return 0;
	case QUERY_LIST:
		break; /* has many values: query_read() fills it */
	}
	return -1;
}

int
query_read(struct req *rq, const struct query_field *fields, size_t n, void *out)
{
	const struct pairs *pairs = split(rq);

	for (size_t i = 0; i < n; i++) {
		const struct query_field *f = &fields[i];
		void *to = (char *)out + f->offset;
		const char *value;

		set_absent(f, to);
		if (f->type == QUERY_LIST)
			*(struct query_list *)to = all(rq->mem, pairs, f->name);
		else if ((value = last(pairs, f->name)) != NULL && set(f, value, to) == -1 &&
			 (f->flags & QUERY_LENIENT) == 0)
			return refuse(rq, f);
	}
	return 0;
}

const char *
query_text(struct req *rq, const char *name)
{
	return last(split(rq), name);
}
