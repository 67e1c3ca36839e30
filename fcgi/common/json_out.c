/* SPDX-License-Identifier: MIT */
/*
 * The writing half of json.h.  What it is given may be any bytes; what it writes
 * is always valid JSON in valid UTF-8.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "json.h"
#include "text.h"

static void
escape(struct buf *b, unsigned char c)
{
	static const char from[] = "\"\\\b\f\n\r\t", to[] = "\"\\bfnrt";
	const char *known = c != '\0' ? strchr(from, c) : NULL;
	char text[8];

	if (known != NULL) {
		buf_char(b, '\\');
		buf_char(b, to[known - from]);
	} else {
		(void)snprintf(text, sizeof text, "\\u%04x", c);
		buf_str(b, text);
	}
}

static void
quote(struct buf *b, const char *s, size_t len)
{
	size_t i = 0, step;

	buf_char(b, '"');
	while (i < len) {
		if ((step = text_plain_length(s + i, len - i)) == 0) {
			if ((unsigned char)s[i] < 0x80) {
				escape(b, (unsigned char)s[i++]);
				continue;
			}
			if ((step = text_utf8_length(s + i, len - i)) == 0) {
				buf_str(b, TEXT_REPLACEMENT);
				i++;
				continue;
			}
		}
		buf_add(b, s + i, step);
		i += step;
	}
	buf_char(b, '"');
}

/* What comes before every value. */
static struct buf *
begin(struct json_out *out, const char *key)
{
	if (out->comma)
		buf_char(out->buf, ',');
	if (key != NULL) {
		quote(out->buf, key, strlen(key));
		buf_char(out->buf, ':');
	}
	out->comma = true;
	return out->buf;
}

void
json_object(struct json_out *out, const char *key)
{
	buf_char(begin(out, key), '{');
	out->comma = false;
}

void
json_object_end(struct json_out *out)
{
	buf_char(out->buf, '}');
	out->comma = true;
}

void
json_array(struct json_out *out, const char *key)
{
	buf_char(begin(out, key), '[');
	out->comma = false;
}

void
json_array_end(struct json_out *out)
{
	buf_char(out->buf, ']');
	out->comma = true;
}

void
json_text(struct json_out *out, const char *key, const char *text)
{
	if (text == NULL)
		json_null(out, key);
	else
		json_text_len(out, key, text, strlen(text));
}

void
json_text_len(struct json_out *out, const char *key, const char *text, size_t len)
{
	quote(begin(out, key), text, len);
}

void
json_int(struct json_out *out, const char *key, int64_t value)
{
	char text[24];

	(void)snprintf(text, sizeof text, "%lld", (long long)value);
	buf_str(begin(out, key), text);
}

size_t
json_spell(char out[JSON_NUMBER_SIZE], double value)
{
	int len = 0;

	/* Most numbers are whole, and %.15g would spell them just so. */
	if (fabs(value) < 1e15 && value == (double)(int64_t)value &&
	    !(value == 0 && signbit(value)))
		return (size_t)snprintf(out, JSON_NUMBER_SIZE, "%lld", (long long)value);
	/* 15 digits always survive, 17 always suffice (IEEE 754). */
	for (int digits = 15; digits <= 17; digits++) {
		len = snprintf(out, JSON_NUMBER_SIZE, "%.*g", digits, value);
		if (strtod(out, NULL) == value)
			break;
	}
	return (size_t)len;
}

void
json_real(struct json_out *out, const char *key, double value)
{
	char text[JSON_NUMBER_SIZE];

	if (!isfinite(value))
		json_null(out, key);
	else
		buf_add(begin(out, key), text, json_spell(text, value));
}

void
json_bool(struct json_out *out, const char *key, bool value)
{
	buf_str(begin(out, key), value ? "true" : "false");
}

void
json_null(struct json_out *out, const char *key)
{
	buf_str(begin(out, key), "null");
}

void
json_raw(struct json_out *out, const char *key, const char *text, size_t len)
{
	buf_add(begin(out, key), text, len);
}

void
json_tree(struct json_out *out, const char *key, const cJSON *tree)
{
	const cJSON *item;

	if (cJSON_IsObject(tree) || cJSON_IsArray(tree)) {
		bool object = cJSON_IsObject(tree);

		(object ? json_object : json_array)(out, key);
		for (item = tree->child; item != NULL; item = item->next)
			json_tree(out, object ? item->string : NULL, item);
		(object ? json_object_end : json_array_end)(out);
	} else if (cJSON_IsString(tree)) {
		json_text(out, key, tree->valuestring);
	} else if (cJSON_IsNumber(tree)) {
		json_real(out, key, tree->valuedouble);
	} else if (cJSON_IsBool(tree)) {
		json_bool(out, key, cJSON_IsTrue(tree));
	} else {
		json_null(out, key);
	}
}

void
json_time(struct json_out *out, const char *key, int64_t seconds)
{
	char text[TIME_TEXT_SIZE];

	json_text(out, key, time_format(text, seconds));
}
