/* SPDX-License-Identifier: MIT */
/* Round trips, and everything a sender could do to a compressed body. */
#define ZLIB_CONST
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

#include "buf.h"
#include "pack.h"
#include "tests/unit/with_arena.h"

/* One gzip member with that content, added to b. */
static void
add_member(struct buf *b, const void *data, size_t len)
{
	z_stream z = {.next_in = data, .avail_in = (uInt)len};
	size_t room;

	assert_int_equal(
	    deflateInit2(&z, 9, Z_DEFLATED, 16 + MAX_WBITS, 8, Z_DEFAULT_STRATEGY), Z_OK);
	room = deflateBound(&z, len);
	z.next_out = (Bytef *)buf_room(b, room);
	z.avail_out = (uInt)room;
	assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
	b->len += room - z.avail_out;
	(void)deflateEnd(&z);
}

static void
zstd_gives_back_what_it_took(void **state)
{
	static const size_t lengths[] = {0, 1, 100, 4096, 300000};

	(void)state;
	for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
		for (int level = 1; level <= 19; level += 6) {
			size_t len = lengths[i], packed_len, out_len = 99;
			char *data = arena_alloc(mem, len), *packed, *out;

			for (size_t n = 0; n < len; n++)
				data[n] = (char)(n * n >> 8);
			packed = pack_zstd(mem, data, len, level, &packed_len);
			assert_int_equal(
			    unpack_zstd(mem, packed, packed_len, len, &out, &out_len), PACK_OK);
			assert_int_equal(out_len, len);
			assert_memory_equal(out, data, len);
			assert_int_equal(out[len], '\0');
		}
	}
}

static void
zstd_stops_at_the_limit(void **state)
{
	size_t packed_len, out_len;
	char *zeros = arena_alloc(mem, 1000000), *out;
	char *packed = pack_zstd(mem, zeros, 1000000, 3, &packed_len);

	(void)state;
	assert_int_equal(
	    unpack_zstd(mem, packed, packed_len, 999999, &out, &out_len), PACK_TOO_LARGE);
	assert_int_equal(unpack_zstd(mem, packed, packed_len, 1000000, &out, &out_len), PACK_OK);
}

static void
broken_zstd_is_said_to_be_so(void **state)
{
	size_t packed_len, out_len;
	char *packed = pack_zstd(mem, "hello, hello, hello, hello", 26, 3, &packed_len), *out;
	char *two = arena_alloc(mem, 2 * packed_len);

	(void)state;
	for (size_t len = 0; len < packed_len; len++) {
		char *cut = malloc(len > 0 ? len : 1);

		memcpy(cut, packed, len);
		assert_int_equal(unpack_zstd(mem, cut, len, 100, &out, &out_len), PACK_BROKEN);
		free(cut);
	}
	assert_int_equal(unpack_zstd(mem, "not zstd at all", 15, 100, &out, &out_len), PACK_BROKEN);
	/* A second frame was not announced by the first. */
	memcpy(two, packed, packed_len);
	memcpy(two + packed_len, packed, packed_len);
	assert_int_equal(unpack_zstd(mem, two, 2 * packed_len, 100, &out, &out_len), PACK_BROKEN);
}

/* The size is the frame's own word; a frame that lies must not fool us. */
static void
a_zstd_frame_that_lies_about_its_size_is_broken(void **state)
{
	size_t packed_len, out_len;
	char *data = arena_alloc(mem, 200), *packed, *out;

	(void)state;
	packed = pack_zstd(mem, data, 200, 3, &packed_len);
	/* RFC 8878, 3.1.1.1: a single segment keeps the size in the byte after the descriptor. */
	assert_int_equal((unsigned char)packed[5], 200);
	packed[5] = 100;
	assert_int_equal(unpack_zstd(mem, packed, packed_len, 1000, &out, &out_len), PACK_BROKEN);
	packed[5] = (char)250;
	assert_int_equal(unpack_zstd(mem, packed, packed_len, 1000, &out, &out_len), PACK_BROKEN);
}

static void
gzip_is_inflated(void **state)
{
	struct buf b = {0};
	char *out;
	size_t len;

	(void)state;
	add_member(&b, "hello", 5);
	assert_int_equal(unpack_gzip(mem, b.data, b.len, 5, &out, &len), PACK_OK);
	assert_int_equal(len, 5);
	assert_string_equal(out, "hello");
	buf_free(&b);
}

static void
an_empty_gzip_member_is_an_empty_text(void **state)
{
	struct buf b = {0};
	char *out;
	size_t len = 99;

	(void)state;
	add_member(&b, "", 0);
	assert_int_equal(unpack_gzip(mem, b.data, b.len, 0, &out, &len), PACK_OK);
	assert_int_equal(len, 0);
	assert_string_equal(out, "");
	buf_free(&b);
}

static void
all_members_of_a_gzip_stream_count(void **state)
{
	struct buf b = {0};
	char *out;
	size_t len;

	(void)state;
	add_member(&b, "one ", 4);
	add_member(&b, "", 0);
	add_member(&b, "two ", 4);
	add_member(&b, "three", 5);
	assert_int_equal(unpack_gzip(mem, b.data, b.len, 13, &out, &len), PACK_OK);
	assert_string_equal(out, "one two three");
	assert_int_equal(unpack_gzip(mem, b.data, b.len, 12, &out, &len), PACK_TOO_LARGE);
	buf_free(&b);
}

static void
gzip_of_any_length_meets_its_limit_exactly(void **state)
{
	/* Around the step in which the output grows. */
	static const size_t lengths[] = {1, 65535, 65536, 65537, 131072, 1000000};

	(void)state;
	for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
		char *zeros = arena_alloc(mem, lengths[i]), *out;
		struct buf b = {0};
		size_t len;

		add_member(&b, zeros, lengths[i]);
		assert_int_equal(unpack_gzip(mem, b.data, b.len, lengths[i], &out, &len), PACK_OK);
		assert_int_equal(len, lengths[i]);
		assert_memory_equal(out, zeros, len);
		assert_int_equal(out[len], '\0');
		assert_int_equal(unpack_gzip(mem, b.data, b.len, SIZE_MAX, &out, &len), PACK_OK);
		assert_int_equal(
		    unpack_gzip(mem, b.data, b.len, lengths[i] - 1, &out, &len), PACK_TOO_LARGE);
		buf_free(&b);
	}
}

static void
a_gzip_bomb_is_not_unpacked(void **state)
{
	char *zeros = calloc(1, 64 << 20), *out;
	struct buf b = {0};
	size_t len;

	(void)state;
	add_member(&b, zeros, 64 << 20);
	free(zeros);
	assert_true(b.len < 100000);
	assert_int_equal(unpack_gzip(mem, b.data, b.len, 1 << 20, &out, &len), PACK_TOO_LARGE);
	buf_free(&b);
}

static void
broken_gzip_is_said_to_be_so(void **state)
{
	struct buf b = {0};
	char *out;
	size_t len;

	(void)state;
	add_member(&b, "hello, hello, hello", 19);
	for (size_t cut = 0; cut < b.len; cut++)
		assert_int_equal(unpack_gzip(mem, b.data, cut, 100, &out, &len), PACK_BROKEN);
	b.data[b.len - 6] ^= 1;
	assert_int_equal(unpack_gzip(mem, b.data, b.len, 100, &out, &len), PACK_BROKEN);
	b.data[b.len - 6] ^= 1;
	buf_str(&b, "trailing bytes");
	assert_int_equal(unpack_gzip(mem, b.data, b.len, 100, &out, &len), PACK_BROKEN);
	assert_int_equal(unpack_gzip(mem, "{\"json\":1}", 10, 100, &out, &len), PACK_BROKEN);
	buf_free(&b);
}

/* ---- files ------------------------------------------------------------------------ */

static void
write_file(const char *path, const char *data, size_t len)
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	assert_int_equal(fwrite(data, 1, len, file), len);
	assert_int_equal(fclose(file), 0);
}

static size_t
read_file(const char *path, char *data, size_t room)
{
	FILE *file = fopen(path, "r");
	size_t len;

	assert_non_null(file);
	len = fread(data, 1, room, file);
	assert_int_equal(fclose(file), 0);
	return len;
}

static char *
in_directory(const char *directory, const char *name)
{
	return arena_printf(mem, "%s/%s", directory, name);
}

/* Lengths about the size of a piece; of equal bytes a piece of input makes many of output. */
static void
a_file_comes_back_and_a_piece_of_it_does_not(void **state)
{
	static const size_t lengths[] = {0, 1, 131071, 131072, 131073, 262144, 3000000};
	char directory[] = "/tmp/monlight-pack.XXXXXX";
	char *raw, *packed, *back, *data = arena_alloc(mem, 3000001),
				   *again = arena_alloc(mem, 3000001);

	(void)state;
	assert_non_null(mkdtemp(directory));
	raw = in_directory(directory, "raw");
	packed = in_directory(directory, "packed");
	back = in_directory(directory, "back");
	for (size_t i = 0; i < 2 * sizeof lengths / sizeof lengths[0]; i++) {
		size_t len = lengths[i / 2], small;

		for (size_t at = 0; at < len; at++)
			data[at] = i % 2 == 0 ? 'a' : (char)(at * 2654435761U >> 13);
		write_file(raw, data, len);
		assert_int_equal(pack_file(raw, packed), 0);
		assert_int_equal(unpack_file(packed, NULL), 0);
		assert_int_equal(unpack_file(packed, back), 0);
		assert_int_equal(read_file(back, again, 3000001), len);
		assert_memory_equal(again, data, len);
		small = read_file(packed, again, 3000001);
		write_file(packed, again, small - 1);
		assert_int_equal(unpack_file(packed, NULL), -1);
		again[small - 1] ^= 1; /* of the checksum */
		write_file(packed, again, small);
		assert_int_equal(unpack_file(packed, NULL), -1);
	}
	assert_int_equal(pack_file(in_directory(directory, "none"), packed), -1);
	(void)unlink(raw);
	(void)unlink(packed);
	(void)unlink(back);
	assert_int_equal(rmdir(directory), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    WITH_ARENA(a_file_comes_back_and_a_piece_of_it_does_not),
	    WITH_ARENA(zstd_gives_back_what_it_took),
	    WITH_ARENA(zstd_stops_at_the_limit),
	    WITH_ARENA(broken_zstd_is_said_to_be_so),
	    WITH_ARENA(a_zstd_frame_that_lies_about_its_size_is_broken),
	    WITH_ARENA(gzip_is_inflated),
	    WITH_ARENA(an_empty_gzip_member_is_an_empty_text),
	    WITH_ARENA(all_members_of_a_gzip_stream_count),
	    WITH_ARENA(gzip_of_any_length_meets_its_limit_exactly),
	    WITH_ARENA(a_gzip_bomb_is_not_unpacked),
	    WITH_ARENA(broken_gzip_is_said_to_be_so),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
