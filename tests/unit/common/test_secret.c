/* SPDX-License-Identifier: MIT */
/* The vectors of RFC 4231 (HMAC-SHA256) and RFC 1321 (MD5), and what makes a secret one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "secret.h"
#include "text.h"

static void
a_secret_equals_only_itself(void **state)
{
	static const struct {
		const char *given, *expected;
		bool equal;
	} table[] = {
	    {"secret", "secret", true},
	    {"secres", "secret", false},
	    {"tecret", "secret", false},
	    {"Secret", "secret", false},
	    {"secret ", "secret", false},
	    {"secre", "secret", false},
	    {"", "secret", false},
	    {NULL, "secret", false},
	    {"", "", false},
	    {"secret", "", false},
	    {"secret", NULL, false},
	    {NULL, NULL, false},
	};

	(void)state;
	for (size_t i = 0; i < NELEM(table); i++)
		assert_int_equal(secret_equal(table[i].given, table[i].expected), table[i].equal);
}

static void
signatures_are_those_of_rfc_4231(void **state)
{
	static const struct {
		unsigned char key_byte; /* or 0: the text below */
		size_t key_len;
		const char *key;
		unsigned char data_byte;
		size_t data_len;
		const char *data;
		const char *mac;
	} table[] = {
	    /* 4.2 */
	    {0x0b, 20, NULL, 0, 8, "Hi There",
		"b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"},
	    /* 4.3 */
	    {0, 4, "Jefe", 0, 28, "what do ya want for nothing?",
		"5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"},
	    /* 4.4 */
	    {0xaa, 20, NULL, 0xdd, 50, NULL,
		"773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe"},
	    /* 4.5 */
	    {0, 25,
		"\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d\x0e\x0f\x10\x11\x12\x13\x14"
		"\x15\x16\x17\x18\x19",
		0xcd, 50, NULL, "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b"},
	    /* 4.7 */
	    {0xaa, 131, NULL, 0, 54, "Test Using Larger Than Block-Size Key - Hash Key First",
		"60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"},
	};

	(void)state;
	for (size_t i = 0; i < NELEM(table); i++) {
		unsigned char key[131], data[64], mac[SECRET_MAC_SIZE];
		char hex[2 * SECRET_MAC_SIZE + 1];

		memset(key, table[i].key_byte, table[i].key_len);
		if (table[i].key != NULL)
			memcpy(key, table[i].key, table[i].key_len);
		memset(data, table[i].data_byte, table[i].data_len);
		if (table[i].data != NULL)
			memcpy(data, table[i].data, table[i].data_len);
		secret_mac(mac, key, table[i].key_len, data, table[i].data_len);
		text_hex(hex, mac, sizeof mac);
		assert_string_equal(hex, table[i].mac);
	}
}

static void
digests_are_those_of_rfc_1321(void **state)
{
	static const struct {
		const char *text, *sum;
	} table[] = {
	    {"", "d41d8cd98f00b204e9800998ecf8427e"},
	    {"a", "0cc175b9c0f1b6a831c399e269772661"},
	    {"abc", "900150983cd24fb0d6963f7d28e17f72"},
	    {"message digest", "f96b697d7cb7938d525a2f31aaf161d0"},
	    {"abcdefghijklmnopqrstuvwxyz", "c3fcd3d76192e4007dfb496cca67e13b"},
	    {"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789",
		"d174ab98d277d9f5a5611c2c9f419d9f"},
	    {"12345678901234567890123456789012345678901234567890123456789012345678901234567890",
		"57edf4a22be3c955ac49da2e2107b67a"},
	};

	(void)state;
	for (size_t i = 0; i < NELEM(table); i++) {
		char sum[33];

		secret_md5_hex(sum, table[i].text, strlen(table[i].text));
		assert_string_equal(sum, table[i].sum);
	}
}

static void
random_bytes_differ_each_time(void **state)
{
	unsigned char a[1000] = {0}, b[1000] = {0};
	bool seen[256] = {false};
	int values = 0;

	(void)state;
	secret_random(a, sizeof a);
	secret_random(b, sizeof b);
	assert_memory_not_equal(a, b, sizeof a);
	for (size_t i = 0; i < sizeof a; i++) {
		values += !seen[a[i]];
		seen[a[i]] = true;
	}
	/* 251 are expected; fewer than 200 never happen by chance. */
	assert_true(values > 200);
	secret_random(a, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_secret_equals_only_itself),
	    cmocka_unit_test(signatures_are_those_of_rfc_4231),
	    cmocka_unit_test(digests_are_those_of_rfc_1321),
	    cmocka_unit_test(random_bytes_differ_each_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
