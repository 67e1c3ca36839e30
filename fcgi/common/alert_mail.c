/* SPDX-License-Identifier: MIT */
/* Builds both bodies first, then wraps them; every value passes one of four encoders. */
#include "alert_mail.h"

#include <stdbool.h>
#include <string.h>
#include <time.h>

#include "arena.h"
#include "text.h"

/* Longest preformatted text a mail carries; more is cut with a mark. */
#define TEXT_MAX ((size_t)65536)
#define BOUNDARY "=_monlight_7d1e9c_="
#define LINE_MAX_QP 76      /* RFC 2045, 6.7 (5) */
#define ENCODED_WORD_MAX 75 /* RFC 2047, 2 */

static const char hex[] = "0123456789ABCDEF";

/* ---- encoders --------------------------------------------------------------------- */

/* Printable ASCII that is no start of an encoded word: stands in a header as it is. */
static bool
is_plain(const char *text)
{
	if (strstr(text, "=?") != NULL)
		return false;
	for (; *text != '\0'; text++)
		if ((unsigned char)*text < 0x20 || (unsigned char)*text > 0x7e)
			return false;
	return true;
}

/* Appends text as encoded words, or as it is; used is how much stands in the line already. */
static void
encode_header(struct buf *out, const char *text, size_t used)
{
	static const char open[] = "=?utf-8?Q?", close[] = "?=";
	size_t left = strlen(text), room;

	/* A long plain line is folded by encoding it, too: words may be broken anywhere. */
	if (is_plain(text) && used + left <= LINE_MAX_QP) {
		buf_str(out, text);
		return;
	}
	room = ENCODED_WORD_MAX > used ? ENCODED_WORD_MAX - used : 0;
	while (left > 0) {
		size_t line = strlen(open) + strlen(close);

		buf_str(out, open);
		/* A character never spans two words (RFC 2047, 5 (3)). */
		while (left > 0) {
			size_t n = text_utf8_length(text, left);

			n = n > 0 ? n : 1;
			if (line + 3 * n > room)
				break;
			for (size_t i = 0; i < n; i++) {
				unsigned char c = (unsigned char)text[i];

				/* A line end becomes a blank: it begins no header. */
				if (c == ' ' || c == '\r' || c == '\n')
					buf_char(out, '_');
				else if ((c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') ||
					 (c >= 'a' && c <= 'z'))
					buf_char(out, (char)c);
				else
					buf_printf(out, "=%c%c", hex[c >> 4], hex[c & 15]);
			}
			line += 3 * n;
			text += n;
			left -= n;
		}
		buf_str(out, close);
		if (left > 0)
			buf_str(out, "\r\n ");
		room = ENCODED_WORD_MAX;
	}
}

/* Appends bytes as quoted-printable lines of at most 76 characters. */
static void
encode_body(struct buf *out, const char *text, size_t len)
{
	size_t line = 0;

	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)text[i];
		bool last = i + 1 == len || text[i + 1] == '\n';
		bool literal =
		    (c >= 0x21 && c <= 0x7e && c != '=') || ((c == ' ' || c == '\t') && !last);

		if (c == '\r')
			continue;
		if (c == '\n') {
			buf_str(out, "\r\n");
			line = 0;
			continue;
		}
		/* A dot that begins a line is left to no one's care: SMTP gives it a meaning. */
		if (c == '.' && line == 0)
			literal = false;
		if (line + (literal ? 1 : 3) > LINE_MAX_QP - 1) {
			buf_str(out, "=\r\n");
			line = 0;
			literal = literal && c != '.';
		}
		if (literal)
			buf_char(out, (char)c);
		else
			buf_printf(out, "=%c%c", hex[c >> 4], hex[c & 15]);
		line += literal ? 1 : 3;
	}
	if (line > 0)
		buf_str(out, "\r\n");
}

static void
add_html(struct buf *out, const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (text[i] == '"')
			buf_str(out, "&quot;");
		else if (text[i] == '\'')
			buf_str(out, "&#39;");
		else
			buf_markup(out, text[i]);
}

/* An address as configured, without what could start another header. */
static void
add_address(struct buf *out, const char *address)
{
	for (; *address != '\0'; address++)
		if ((unsigned char)*address >= 0x20 && *address != 0x7f)
			buf_char(out, *address);
}

/* The display name in front of an address, as an encoded word or in quotes. */
static void
add_name(struct buf *out, const char *name, size_t len)
{
	struct buf text = {0};

	text_trim(&name, &len);
	if (len >= 2 && name[0] == '"' && name[len - 1] == '"') {
		name++;
		len -= 2;
	}
	buf_add(&text, name, len);
	name = buf_text(&text);
	if (!is_plain(name))
		encode_header(out, name, strlen("From: "));
	else {
		buf_char(out, '"');
		for (; *name != '\0'; name++) {
			if (*name == '"' || *name == '\\')
				buf_char(out, '\\');
			buf_char(out, *name);
		}
		buf_char(out, '"');
	}
	buf_free(&text);
}

/* "address" or "Name <address>". */
static void
add_sender(struct buf *out, const char *sender)
{
	const char *open = strrchr(sender, '<');

	if (open == NULL) {
		add_address(out, sender);
		return;
	}
	if (open > sender) {
		add_name(out, sender, (size_t)(open - sender));
		buf_char(out, ' ');
	}
	add_address(out, open);
}

/* ---- bodies ----------------------------------------------------------------------- */

static const char cut_mark[] = "\n[cut here: the rest is on the page]\n";

static void
plain_body(struct buf *out, const struct alert_letter *l, const struct alert *a, size_t text_len)
{
	buf_printf(out, "%s\n\n", a->heading != NULL ? a->heading : a->title);
	for (size_t i = 0; i < a->nfacts; i++)
		buf_printf(out, "%s: %s\n", a->facts[i].name, a->facts[i].value);
	if (a->path != NULL)
		buf_printf(out, "Page: %s%s\n", l->base_url, a->path);
	if (a->text != NULL) {
		buf_char(out, '\n');
		buf_add(out, a->text, text_len);
		if (a->text[text_len] != '\0')
			buf_str(out, cut_mark);
		buf_char(out, '\n');
	}
	if (a->path != NULL)
		buf_printf(out, "\n%s%s\n", l->base_url, a->path);
}

static void
html_fact(struct buf *out, const char *name, const char *value)
{
	buf_str(out, "<tr><td style=\"padding:2px 16px 2px 0;color:#667\">");
	add_html(out, name, strlen(name));
	buf_str(out, "</td><td style=\"padding:2px 0\">");
	add_html(out, value, strlen(value));
	buf_str(out, "</td></tr>\n");
}

static void
html_body(struct buf *out, const struct alert_letter *l, const struct alert *a, size_t text_len)
{
	const char *heading = a->heading != NULL ? a->heading : a->title;

	buf_str(out,
	    "<!doctype html>\n<html><body style=\"margin:0;padding:24px;font:15px/1.5 "
	    "system-ui,sans-serif;color:#223\">\n<h1 style=\"font-size:18px;margin:0 0 12px\">");
	add_html(out, heading, strlen(heading));
	buf_str(out, "</h1>\n<table style=\"border-collapse:collapse;font-size:14px\">\n");
	for (size_t i = 0; i < a->nfacts; i++)
		html_fact(out, a->facts[i].name, a->facts[i].value);
	buf_str(out, "</table>\n");
	if (a->text != NULL) {
		buf_str(out, "<pre style=\"background:#1b1f27;color:#e6e8ee;padding:12px;"
			     "border-radius:6px;font-size:12px;overflow:auto\">");
		add_html(out, a->text, text_len);
		if (a->text[text_len] != '\0')
			buf_str(out, cut_mark);
		buf_str(out, "</pre>\n");
	}
	if (a->path != NULL) {
		buf_str(out, "<p><a href=\"");
		add_html(out, l->base_url, strlen(l->base_url));
		add_html(out, a->path, strlen(a->path));
		buf_str(out, "\">Open it in Monlight</a></p>\n");
	}
	buf_str(out, "</body></html>\n");
}

/* ---- the message ------------------------------------------------------------------ */

static void
add_header_text(struct buf *out, const char *name, const char *text)
{
	buf_printf(out, "%s: ", name);
	encode_header(out, text, strlen(name) + 2);
	buf_str(out, "\r\n");
}

static void
add_date(struct buf *out, int64_t seconds)
{
	static const char days[][4] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
	static const char months[][4] = {
	    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
	time_t t = (time_t)seconds;
	struct tm tm;

	(void)gmtime_r(&t, &tm);
	/* strftime() would follow the locale. */
	buf_printf(out, "Date: %s, %02d %s %d %02d:%02d:%02d +0000\r\n", days[tm.tm_wday],
	    tm.tm_mday, months[tm.tm_mon], tm.tm_year + 1900, tm.tm_hour, tm.tm_min, tm.tm_sec);
}

static void
add_part(struct buf *out, const char *type, const struct buf *body)
{
	buf_printf(out,
	    "--" BOUNDARY "\r\nContent-Type: %s; charset=utf-8\r\n"
	    "Content-Transfer-Encoding: quoted-printable\r\n\r\n",
	    type);
	encode_body(out, body->data, body->len);
	buf_str(out, "\r\n");
}

void
alert_mail_write(struct buf *out, const struct alert_letter *l, const struct alert *a)
{
	size_t text_len = a->text != NULL ? strlen(a->text) : 0;
	struct buf body = {0};

	text_len = text_utf8_cut(a->text, text_len, TEXT_MAX);
	buf_str(out, "From: ");
	add_sender(out, l->from);
	buf_str(out, "\r\nTo: ");
	add_address(out, l->to);
	buf_str(out, "\r\n");
	add_header_text(out, "Subject", a->title);
	add_date(out, l->date);
	buf_printf(out, "Message-ID: <%s>\r\n", l->id);
	buf_str(out, "MIME-Version: 1.0\r\nAuto-Submitted: auto-generated\r\n"
		     "Content-Type: multipart/alternative; boundary=\"" BOUNDARY "\"\r\n\r\n");
	plain_body(&body, l, a, text_len);
	add_part(out, "text/plain", &body);
	body.len = 0;
	html_body(&body, l, a, text_len);
	add_part(out, "text/html", &body);
	buf_str(out, "--" BOUNDARY "--\r\n");
	buf_free(&body);
}

int
alert_mail_read(const char *item, int number, struct arena *mem, struct alert_channel *channel)
{
	(void)number;
	if (strchr(item, '@') == NULL || strpbrk(item, " \t<>\r\n") != NULL)
		return -1;
	*channel = (struct alert_channel){
	    .name = arena_printf(mem, "mail %s", item),
	    .way = ALERT_BY_MAIL,
	    .to = arena_strdup(mem, item),
	    .write = alert_mail_write,
	};
	return 0;
}
