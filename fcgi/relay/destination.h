/* SPDX-License-Identifier: MIT */
/* destination: the two services that the relay stands before.  Pure. */
#ifndef DESTINATION_H
#define DESTINATION_H

#include <stddef.h>
#include <stdint.h>

enum destination { TO_ERRORS, TO_METRICS, DESTINATIONS };

/* Their names in answers: "errors", "metrics". */
extern const char *const destination_names[DESTINATIONS];

#define DESTINATION_URL_SIZE 512

/*
 * The address that reports are posted to: below the base that is configured, or,
 * if that is NULL, at the port on this host that lighttpd opens for bind_address.
 */
void destination_url(char out[DESTINATION_URL_SIZE], enum destination, const char *configured,
    const char *bind_address, int64_t port);

#endif
