/* SPDX-License-Identifier: MIT */
/*
 * secret: comparing, signing and making secrets, and the one digest the wire
 * contract asks for.  The algorithms are nettle's.
 */
#ifndef SECRET_H
#define SECRET_H

#include <stdbool.h>
#include <stddef.h>

#define SECRET_MAC_SIZE 32

/*
 * Whether the two are equal, in time that tells neither where nor in what length
 * they differ.  Nothing equals a secret that is NULL or empty.
 */
bool secret_equal(const char *given, const char *expected);
/* HMAC-SHA256 (RFC 2104, FIPS 180-4) of len bytes. */
void secret_mac(unsigned char mac[SECRET_MAC_SIZE], const void *key, size_t key_len,
    const void *data, size_t len);
/* len bytes from the kernel's generator; ends the process if it has none. */
void secret_random(void *out, size_t len);
/* MD5 in lower-case hex and a NUL: the fingerprint of the wire contract, not a safeguard. */
void secret_md5_hex(char out[33], const void *data, size_t len);

#endif
