/* SPDX-License-Identifier: MIT */
/* One easy handle, reset before each use: what one transfer set never reaches the next. */
#include "send.h"

#include <stdio.h>
#include <string.h>

#include "late_curl.h"
#include "log.h"
#include "process.h"
#include "text.h"

#define MAIL_SECONDS 30L
#define HTTP_SECONDS 15L
#define CONNECT_SECONDS 10L

static const struct late_curl *curl;
static CURL *handle;

void
send_init(void)
{
	curl = late_curl(CURL_GLOBAL_DEFAULT);
	if ((handle = curl->init()) == NULL)
		log_fatalx("out of memory: a libcurl handle");
}

void
send_end(void)
{
	curl->cleanup(handle);
}

struct source {
	const char *data;
	size_t left;
};

static size_t
read_source(char *out, size_t size, size_t n, void *arg)
{
	struct source *source = arg;
	size_t len = size * n < source->left ? size * n : source->left;

	memcpy(out, source->data, len);
	source->data += len;
	source->left -= len;
	return len;
}

/* An answer's body is of no interest; taking it keeps it off standard output. */
static size_t
ignore(char *data, size_t size, size_t n, void *arg)
{
	(void)data;
	(void)arg;
	return size * n;
}

/* Called at least once a second; not 0 breaks the transfer off. */
static int
look_at_signals(void *arg, curl_off_t total_in, curl_off_t in, curl_off_t total_out, curl_off_t out)
{
	(void)arg;
	(void)total_in;
	(void)in;
	(void)total_out;
	(void)out;
	return process_stopping();
}

static enum send_result
perform(char detail[SEND_DETAIL_SIZE])
{
	char error[CURL_ERROR_SIZE] = "";
	CURLcode code;
	long status = 0;

	(void)curl->setopt(handle, CURLOPT_ERRORBUFFER, error);
	code = curl->perform(handle);
	(void)curl->getinfo(handle, CURLINFO_RESPONSE_CODE, &status);
	if (code != CURLE_OK)
		(void)snprintf(
		    detail, SEND_DETAIL_SIZE, "%s", *error != '\0' ? error : curl->strerror(code));
	else
		(void)snprintf(detail, SEND_DETAIL_SIZE, "answered %ld", status);
	(void)curl->setopt(handle, CURLOPT_ERRORBUFFER, NULL);
	if (code == CURLE_OPERATION_TIMEDOUT)
		return SEND_TIMED_OUT;
	/* HTTP and SMTP number what went well alike. */
	return code == CURLE_OK && status / 100 == 2 ? SEND_TAKEN : SEND_FAILED;
}

static void
begin(const char *url, const char *ca_file, long seconds)
{
	curl->reset(handle);
	(void)curl->setopt(handle, CURLOPT_URL, url);
	(void)curl->setopt(handle, CURLOPT_NOSIGNAL, 1L);
	(void)curl->setopt(handle, CURLOPT_CONNECTTIMEOUT, CONNECT_SECONDS);
	(void)curl->setopt(handle, CURLOPT_TIMEOUT, seconds);
	(void)curl->setopt(handle, CURLOPT_NOPROGRESS, 0L);
	(void)curl->setopt(handle, CURLOPT_XFERINFOFUNCTION, look_at_signals);
	(void)curl->setopt(handle, CURLOPT_WRITEFUNCTION, ignore);
	if (ca_file != NULL)
		(void)curl->setopt(handle, CURLOPT_CAINFO, ca_file);
}

enum send_result
send_mail(const struct smtp *smtp, const char *from, const char *to, const struct buf *message,
    char detail[SEND_DETAIL_SIZE])
{
	struct source source = {message->data, message->len};
	struct curl_slist *to_list = curl->append(NULL, to);
	enum send_result result;
	char url[512];

	(void)snprintf(url, sizeof url,
	    text_wants_brackets(smtp->host) ? "%s://[%s]:%lld" : "%s://%s:%lld",
	    smtp->port == SMTPS_PORT ? "smtps" : "smtp", smtp->host, (long long)smtp->port);
	begin(url, smtp->ca_file, MAIL_SECONDS);
	(void)curl->setopt(handle, CURLOPT_PROTOCOLS_STR, "smtp,smtps");
	/* TRY goes on in clear where the server offers nothing better; ALL gives up. */
	(void)curl->setopt(
	    handle, CURLOPT_USE_SSL, (long)(smtp->tls_required ? CURLUSESSL_ALL : CURLUSESSL_TRY));
	if (smtp->username != NULL) {
		(void)curl->setopt(handle, CURLOPT_USERNAME, smtp->username);
		(void)curl->setopt(handle, CURLOPT_PASSWORD, smtp->password);
	}
	(void)curl->setopt(handle, CURLOPT_MAIL_FROM, from);
	(void)curl->setopt(handle, CURLOPT_MAIL_RCPT, to_list);
	(void)curl->setopt(handle, CURLOPT_READFUNCTION, read_source);
	(void)curl->setopt(handle, CURLOPT_READDATA, &source);
	(void)curl->setopt(handle, CURLOPT_UPLOAD, 1L);
	result = perform(detail);
	curl->free_all(to_list);
	return result;
}

enum send_result
send_json(
    const char *url, const char *ca_file, const struct buf *body, char detail[SEND_DETAIL_SIZE])
{
	struct curl_slist *headers = curl->append(NULL, "Content-Type: application/json");
	enum send_result result;

	begin(url, ca_file, HTTP_SECONDS);
	(void)curl->setopt(handle, CURLOPT_PROTOCOLS_STR, "http,https");
	(void)curl->setopt(handle, CURLOPT_HTTPHEADER, headers);
	(void)curl->setopt(handle, CURLOPT_USERAGENT, "monlight/" MONLIGHT_VERSION);
	(void)curl->setopt(handle, CURLOPT_POSTFIELDS, body->data);
	(void)curl->setopt(handle, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)body->len);
	result = perform(detail);
	curl->free_all(headers);
	return result;
}
