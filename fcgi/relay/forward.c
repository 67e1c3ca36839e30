/* SPDX-License-Identifier: MIT */
/* A handle of libcurl, made for the first transfer, keeps its connection from one to the next. */
#include "forward.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "buf.h"
#include "clock.h"
#include "late_curl.h"
#include "log.h"
#include "text.h"

#define ANSWER_MAX ((size_t)65536)
#define ANSWER_KEEP ((size_t)4096)
#define FIRST_PAUSE_US INT64_C(1000000)
#define LAST_PAUSE_US INT64_C(30000000)

struct forward {
	CURL *handle; /* NULL until the first transfer */
	char *url, *key;
	long connect_ms, total_ms;
	struct buf answer;
	char error[CURL_ERROR_SIZE];
	int64_t pause_us; /* the next one; 0: the last attempt was answered */
	int64_t paused_until;
};

static const struct late_curl *curl;

/* ---- transfers ------------------------------------------------------------------- */

static size_t
take_answer(char *data, size_t size, size_t n, void *arg)
{
	struct buf *answer = arg;
	size_t len = size * n, room = ANSWER_MAX - answer->len;

	buf_add(answer, data, len < room ? len : room);
	return len;
}

/* What stays the same from one transfer to the next. */
static void
set_up(struct forward *f)
{
	/* TLS takes memory, and between services of one host there is none. */
	long parts = text_starts_with(f->url, "https:") ? CURL_GLOBAL_SSL : CURL_GLOBAL_NOTHING;
	CURL *h;

	curl = late_curl(parts);
	if ((h = f->handle = curl->init()) == NULL)
		log_fatalx("out of memory: a libcurl handle");
	(void)curl->setopt(h, CURLOPT_URL, f->url);
	(void)curl->setopt(h, CURLOPT_PROTOCOLS_STR, "http,https");
	/* One host's services speak to each other: a proxy for the world is not for them. */
	(void)curl->setopt(h, CURLOPT_PROXY, "");
	(void)curl->setopt(h, CURLOPT_NOSIGNAL, 1L);
	(void)curl->setopt(h, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	(void)curl->setopt(h, CURLOPT_CONNECTTIMEOUT_MS, f->connect_ms);
	(void)curl->setopt(h, CURLOPT_TIMEOUT_MS, f->total_ms);
	(void)curl->setopt(h, CURLOPT_MAXCONNECTS, 1L);
	(void)curl->setopt(h, CURLOPT_WRITEFUNCTION, take_answer);
	(void)curl->setopt(h, CURLOPT_WRITEDATA, &f->answer);
	(void)curl->setopt(h, CURLOPT_ERRORBUFFER, f->error);
}

struct forward *
forward_new(const char *url, const char *key, long connect_ms, long total_ms)
{
	struct forward *f = heap_alloc(sizeof *f);

	f->url = heap_strdup(url);
	f->key = key != NULL ? heap_strdup(key) : NULL;
	f->connect_ms = connect_ms;
	f->total_ms = total_ms;
	return f;
}

void
forward_free(struct forward *f)
{
	if (f == NULL)
		return;
	if (f->handle != NULL)
		curl->cleanup(f->handle);
	buf_free(&f->answer);
	free(f->url);
	free(f->key);
	free(f);
}

static struct curl_slist *
add_line(struct curl_slist *list, const char *line)
{
	struct curl_slist *longer = curl->append(list, line);

	if (longer == NULL)
		log_fatalx("out of memory: a header");
	return longer;
}

static struct curl_slist *
add_header(struct curl_slist *list, const char *name, const char *value)
{
	char line[512];

	(void)snprintf(line, sizeof line, "%s: %s", name, value);
	return add_line(list, line);
}

static struct curl_slist *
make_headers(const struct forward *f, const char *event)
{
	struct curl_slist *list = add_header(NULL, "Content-Type", "application/json");

	if (f->key != NULL)
		list = add_header(list, "X-API-Key", f->key);
	if (event != NULL)
		list = add_header(list, "Idempotency-Key", event);
	/* Without this libcurl asks first whether a large body is welcome, and waits a second. */
	return add_line(list, "Expect:");
}

static void
note_failure(struct forward *f, CURLcode code)
{
	if (*f->error == '\0')
		(void)snprintf(f->error, sizeof f->error, "%s", curl->strerror(code));
	f->pause_us = f->pause_us == 0 ? FIRST_PAUSE_US : f->pause_us * 2;
	if (f->pause_us > LAST_PAUSE_US)
		f->pause_us = LAST_PAUSE_US;
	f->paused_until = clock_mono_us() + f->pause_us;
}

int64_t
forward_pause_us(const struct forward *f)
{
	int64_t left = f->paused_until - clock_mono_us();

	return left > 0 ? left : 0;
}

struct forward_answer
forward_post(struct forward *f, const char *event, const void *body, size_t len)
{
	struct forward_answer answer = {.why = f->error};
	struct curl_slist *headers;
	long status = 0;
	CURLcode code;

	buf_clear(&f->answer, ANSWER_KEEP);
	if (forward_pause_us(f) > 0)
		return answer;
	if (f->handle == NULL)
		set_up(f);
	*f->error = '\0';
	headers = make_headers(f, event);
	(void)curl->setopt(f->handle, CURLOPT_HTTPHEADER, headers);
	(void)curl->setopt(f->handle, CURLOPT_POSTFIELDS, body);
	(void)curl->setopt(f->handle, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)len);
	code = curl->perform(f->handle);
	(void)curl->getinfo(f->handle, CURLINFO_RESPONSE_CODE, &status);
	(void)curl->setopt(f->handle, CURLOPT_HTTPHEADER, NULL);
	curl->free_all(headers);
	/* A status whose body did not arrive whole is no answer: what it said is not known. */
	if (code != CURLE_OK) {
		note_failure(f, code);
		return answer;
	}
	f->pause_us = 0;
	f->paused_until = 0;
	answer.status = (int)status;
	answer.body = buf_text(&f->answer);
	answer.len = f->answer.len;
	return answer;
}
