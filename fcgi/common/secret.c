/* SPDX-License-Identifier: MIT */
#include "secret.h"

#include <errno.h>
#include <nettle/hmac.h>
#include <nettle/md5.h>
#include <nettle/memops.h>
#include <nettle/sha2.h>
#include <string.h>
#include <sys/random.h>

#include "log.h"
#include "text.h"

static void
digest(unsigned char out[SHA256_DIGEST_SIZE], const char *s)
{
	struct sha256_ctx sha;

	sha256_init(&sha);
	sha256_update(&sha, strlen(s), (const uint8_t *)s);
	sha256_digest(&sha, SHA256_DIGEST_SIZE, out);
}

/* Digests are compared: they are of one length, and no one can steer where they differ. */
bool
secret_equal(const char *given, const char *expected)
{
	unsigned char a[SHA256_DIGEST_SIZE], b[SHA256_DIGEST_SIZE];

	if (given == NULL || expected == NULL || *expected == '\0')
		return false;
	digest(a, given);
	digest(b, expected);
	return memeql_sec(a, b, sizeof a) != 0;
}

void
secret_mac(unsigned char mac[SECRET_MAC_SIZE], const void *key, size_t key_len, const void *data,
    size_t len)
{
	struct hmac_sha256_ctx hmac;

	hmac_sha256_set_key(&hmac, key_len, key);
	hmac_sha256_update(&hmac, len, data);
	hmac_sha256_digest(&hmac, SECRET_MAC_SIZE, mac);
}

void
secret_random(void *out, size_t len)
{
	char *p = out;

	while (len > 0) {
		ssize_t n = getrandom(p, len, 0);

		if (n == -1 && errno == EINTR)
			continue;
		if (n <= 0)
			log_fatal("no random bytes from the kernel");
		p += n;
		len -= (size_t)n;
	}
}

void
secret_md5_hex(char out[33], const void *data, size_t len)
{
	unsigned char sum[MD5_DIGEST_SIZE];
	struct md5_ctx md5;

	md5_init(&md5);
	md5_update(&md5, len, data);
	md5_digest(&md5, sizeof sum, sum);
	text_hex(out, sum, sizeof sum);
}
