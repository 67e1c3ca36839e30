/* SPDX-License-Identifier: MIT */
/* Lines come out of a chunk as they went in; bytes that are none are refused. */
#include <stdlib.h>
#include <string.h>

#include "chunk.h"
#include "pack.h"
#include "tests/unit/with_arena.h"
#include "text.h"

static const struct log_line rows[] = {
    {.id = 7, .ns = 1000, .text = "first", .len = 5, .level = 3},
    {.id = 8, .ns = 1000, .text = "", .len = 0, .stream = STREAM_STDERR},
    {.id = 9, .ns = -5, .text = "before 1970", .len = 11, .kind = KIND_GAP},
    {.id = 50, .ns = INT64_MAX, .text = "two\nlines", .len = 9, .level = 6, .cut = true},
    {.id = 51, .ns = INT64_MIN, .text = "caf\xc3\xa9", .len = 5, .kind = KIND_LIFECYCLE},
    {.id = (INT64_C(1) << 53) - 1, .ns = 0, .text = "last", .len = 4, .level = 1},
};

static void
check(const struct chunk *c, const struct log_line *want, size_t n)
{
	assert_int_equal(c->n, n);
	for (size_t i = 0; i < n; i++) {
		assert_true(c->lines[i].id == want[i].id && c->lines[i].ns == want[i].ns);
		assert_int_equal(c->lines[i].level, want[i].level);
		assert_int_equal(c->lines[i].stream, want[i].stream);
		assert_int_equal(c->lines[i].kind, want[i].kind);
		assert_int_equal(c->lines[i].cut, want[i].cut);
		assert_int_equal(c->lines[i].len, want[i].len);
		assert_memory_equal(c->lines[i].text, want[i].text, want[i].len);
	}
}

static void
lines_come_out_as_they_went_in(void **state)
{
	struct chunk_draft draft = {0};
	struct chunk c;
	size_t len;
	char *blob;

	(void)state;
	for (int again = 0; again < 2; again++) {
		for (size_t i = 0; i < NELEM(rows); i++)
			chunk_add(&draft, &rows[i]);
		assert_int_equal(draft.nruns, 2);
		assert_true(draft.first_id == 7 && draft.last_id == rows[NELEM(rows) - 1].id);
		assert_true(draft.min_ns == INT64_MIN && draft.max_ns == INT64_MAX);
		assert_int_equal(draft.levels, 1U << 0 | 1U << 1 | 1U << 3 | 1U << 6);
		blob = chunk_pack(mem, &draft, 1, &len);
		assert_int_equal(chunk_unpack(mem, blob, len, &c), 0);
		check(&c, rows, NELEM(rows));
		assert_int_equal(c.text_len, 34);
		chunk_clear(&draft);
	}
	chunk_free(&draft);
}

static void
an_empty_chunk_is_one(void **state)
{
	struct chunk_draft draft = {0};
	struct chunk c;
	size_t len;
	char *blob = chunk_pack(mem, &draft, 1, &len);

	(void)state;
	assert_int_equal(chunk_unpack(mem, blob, len, &c), 0);
	assert_int_equal(c.n, 0);
}

/* What a chunk looks like inside, each with one thing wrong. */
static const struct {
	const char *why, *bytes;
	size_t len;
} broken_rows[] = {
    {"nothing", "", 0},
    {"another format", "\x02\x00\x00", 3},
    {"no runs", "\x01", 1},
    {"more runs than bytes", "\x01\x7f\x01\x01", 4},
    {"runs and lines disagree", "\x01\x01\x01\x02\x01\x00\x00\x00\x00", 9},
    {"a run of more lines than bytes", "\x01\x01\x01\x7f\x7f\x00\x00\x00", 8},
    {"an id beyond 2^53", "\x01\x01\xff\xff\xff\xff\xff\xff\xff\x7f\x01\x01\x00\x00\x00", 15},
    {"no times", "\x01\x01\x01\x01\x01", 5},
    {"no text", "\x01\x01\x01\x01\x01\x00\x00\x05", 8},
    {"text left over", "\x01\x01\x01\x01\x01\x00\x00\x00x", 9},
    {"a level that is none", "\x01\x01\x01\x01\x01\x00\x07\x00", 8},
};

static void
what_is_no_chunk_is_refused(void **state)
{
	struct chunk c;
	size_t len;
	char *blob;

	(void)state;
	for (size_t i = 0; i < NELEM(broken_rows); i++) {
		blob = pack_zstd(mem, broken_rows[i].bytes, broken_rows[i].len, 1, &len);
		if (chunk_unpack(mem, blob, len, &c) != -1)
			fail_msg("%s", broken_rows[i].why);
	}
	assert_int_equal(chunk_unpack(mem, "no zstd", 7, &c), -1);
	assert_int_equal(chunk_unpack(mem, "", 0, &c), -1);
}

static void
many_lines_at_random(void **state)
{
	enum { N = 3000 };
	struct log_line *lines = heap_alloc(N * sizeof *lines);
	struct chunk_draft draft = {0};
	struct chunk c;
	int64_t id = 0;
	size_t len;
	char *blob;

	(void)state;
	srandom(1);
	for (int i = 0; i < N; i++) {
		id += 1 + (random() % 10 == 0 ? random() % 1000 : 0);
		lines[i] = (struct log_line){
		    .id = id,
		    .ns = random() * random(),
		    .text = "abcdefghijklmnopqrstuvwxyz",
		    .len = (size_t)random() % 27,
		    .level = (uint8_t)(random() % 7),
		    .stream = (uint8_t)(random() % 2),
		    .kind = (uint8_t)(random() % 3),
		    .cut = random() % 2 == 0,
		};
		chunk_add(&draft, &lines[i]);
	}
	blob = chunk_pack(mem, &draft, 1, &len);
	assert_int_equal(chunk_unpack(mem, blob, len, &c), 0);
	check(&c, lines, N);
	chunk_free(&draft);
	free(lines);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    WITH_ARENA(lines_come_out_as_they_went_in),
	    WITH_ARENA(an_empty_chunk_is_one),
	    WITH_ARENA(what_is_no_chunk_is_refused),
	    WITH_ARENA(many_lines_at_random),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
