/* SPDX-License-Identifier: MIT */
/*
 * deliver_settings: the variables of monlight-deliver, and what follows from them together.
 */
#ifndef DELIVER_SETTINGS_H
#define DELIVER_SETTINGS_H

#include <stdio.h>

#include "arena.h"
#include "deliver.h"
#include "outbox_drain.h"
#include "process.h"

struct deliver_settings {
	const char *home;
	int log_level;
	struct deliver_cfg deliver;
	int smtp_tls;                                                         /* enum smtp_tls */
	const char *errors_path, *metrics_path, *relay_path;                  /* databases */
	const char *errors_base_url, *errors_public_url, *metrics_public_url; /* NULL: not set */
	const char *internal_key, *bind_address;
	const char *urls[DESTINATIONS], *keys[DESTINATIONS]; /* NULL: not set */
	int64_t ports[DESTINATIONS];

	/* Out of these: what links begin with, without a slash at the end. */
	const char *errors_pages, *metrics_pages;
};

#define DELIVER_SECTIONS 4
extern const struct process_section deliver_sections[DELIVER_SECTIONS];

/*
 * What no row says: which variables go together, and where alerts go by all of them; texts
 * are made in the arena.  Returns how many faults it wrote to errors, a line each.
 */
int deliver_settings_complete(struct deliver_settings *, struct arena *, FILE *errors);

#endif
