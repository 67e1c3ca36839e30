/* SPDX-License-Identifier: MIT */
#include "report.h"

#include <string.h>

#include "clock.h"
#include "fingerprint.h"
#include "secret.h"
#include "text.h"

#define PROJECT_MAX 100
#define TYPE_MAX 200
#define COUNT_MAX 10000

#define SCALAR (cJSON_String | cJSON_Number | cJSON_True | cJSON_False)
#define ANYTHING (~0)

/* What a member must be if it is there at all: a set of cJSON's types, its own and its items'. */
struct shape {
	const char *name;
	int type, items;
	const char *called;
};

static const struct shape report_shapes[] = {
    {"user", cJSON_Object, ANYTHING, "an object"},
    {"tags", cJSON_Object, SCALAR | cJSON_NULL, "an object of strings"},
    {"contexts", cJSON_Object, ANYTHING, "an object"},
    {"debug_ids", cJSON_Object, cJSON_String, "an object of strings"},
    {"breadcrumbs", cJSON_Array, cJSON_Object, "an array of objects"},
    {"frames", cJSON_Array, cJSON_Object, "an array of frames"},
    {"causes", cJSON_Array, cJSON_Object, "an array of exceptions"},
    {"fingerprint", cJSON_Array, cJSON_String, "an array of strings"},
};

static const struct shape frame_shapes[] = {
    {"function", cJSON_String, 0, "a string"},
    {"file", cJSON_String, 0, "a string"},
    {"line", cJSON_Number, 0, "a number"},
    {"column", cJSON_Number, 0, "a number"},
    {"in_app", cJSON_True | cJSON_False, 0, "true or false"},
    {"context", cJSON_Array | cJSON_Object, ANYTHING, "an array of lines"},
    {"reason", cJSON_String, 0, "a string"},
};

static const struct shape cause_shapes[] = {
    {"exception_type", cJSON_String, 0, "a string"},
    {"message", cJSON_String, 0, "a string"},
    {"traceback", cJSON_String, 0, "a string"},
    {"frames", cJSON_Array, cJSON_Object, "an array of frames"},
};

/* The contract asks for all four before it looks at their lengths. */
static int
read_required(struct req *rq, const cJSON *doc, struct report *r)
{
	int st;

	if ((st = want_text(rq, doc, "project", 0, &r->project)) != 0 ||
	    (st = want_text(rq, doc, "exception_type", 0, &r->type)) != 0 ||
	    (st = want_text(rq, doc, "message", 0, &r->message)) != 0 ||
	    (st = want_text(rq, doc, "traceback", 0, &r->traceback)) != 0 ||
	    (st = want_text(rq, doc, "project", PROJECT_MAX, &r->project)) != 0)
		return st;
	return want_text(rq, doc, "exception_type", TYPE_MAX, &r->type);
}

static int
read_texts(struct req *rq, const cJSON *doc, struct report *r)
{
	const struct {
		const char *name;
		size_t max;
		const char **to;
	} texts[] = {
	    {"event_id", 64, &r->event_id},
	    {"environment", 200, &r->environment},
	    {"release", 200, &r->release},
	    {"server_name", 200, &r->server_name},
	    {"session_id", 200, &r->session_id},
	};

	for (size_t i = 0; i < NELEM(texts); i++) {
		int st = want_optional_text(rq, doc, texts[i].name, texts[i].max, texts[i].to);

		if (st != 0)
			return st;
		if (*texts[i].to != NULL && **texts[i].to == '\0')
			*texts[i].to = NULL;
	}
	/* Where the original's SDK puts it. */
	if (r->session_id == NULL)
		r->session_id = json_get_text(json_get(doc, "extra"), "session_id");
	return 0;
}

static bool
has_shape(const cJSON *member, const struct shape *shape)
{
	const cJSON *item;

	if (member == NULL || cJSON_IsNull(member))
		return true;
	if (!(member->type & shape->type))
		return false;
	for (item = member->child; item != NULL; item = item->next)
		if (!(item->type & shape->items))
			return false;
	return true;
}

/* of is what names the object in the report, with a dot behind it, or "". */
static int
check_shapes(
    struct req *rq, const cJSON *object, const char *of, const struct shape *shapes, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!has_shape(json_get(object, shapes[i].name), &shapes[i]))
			return req_fail(rq, 400, "Field '%s%s' must be %s", of, shapes[i].name,
			    shapes[i].called);
	return 0;
}

static int
check_frames(struct req *rq, const cJSON *frames)
{
	const cJSON *frame = frames != NULL ? frames->child : NULL;
	int st = 0;

	for (; frame != NULL && st == 0; frame = frame->next)
		st = check_shapes(rq, frame, "frames.", frame_shapes, NELEM(frame_shapes));
	return st;
}

static int
check_causes(struct req *rq, const cJSON *causes)
{
	const cJSON *cause = causes != NULL ? causes->child : NULL;
	int st = 0;

	for (; cause != NULL && st == 0; cause = cause->next)
		if ((st = check_shapes(rq, cause, "causes.", cause_shapes, NELEM(cause_shapes))) ==
		    0)
			st = check_frames(rq, json_get(cause, "frames"));
	return st;
}

/* The words of level, and those that other loggers use for them. */
static int
read_level(struct req *rq, const cJSON *doc, struct report *r)
{
	static const struct {
		const char *word;
		enum level level;
	} words[] = {
	    {"debug", LEVEL_DEBUG},
	    {"info", LEVEL_INFO},
	    {"log", LEVEL_INFO},
	    {"warning", LEVEL_WARNING},
	    {"warn", LEVEL_WARNING},
	    {"error", LEVEL_ERROR},
	    {"fatal", LEVEL_FATAL},
	    {"critical", LEVEL_FATAL},
	};
	const char *word;
	int st;

	r->level = LEVEL_ERROR;
	if ((st = want_optional_text(rq, doc, "level", 0, &word)) != 0 || word == NULL)
		return st;
	for (size_t i = 0; i < NELEM(words); i++)
		if (text_compare_nocase(word, words[i].word) == 0) {
			r->level = words[i].level;
			return 0;
		}
	return req_fail(rq, 400, "Field 'level' must be debug, info, warning, error or fatal");
}

static int
read_count(struct req *rq, const cJSON *doc, struct report *r)
{
	const cJSON *count = json_get(doc, "count");

	r->count = 1;
	if (count == NULL || cJSON_IsNull(count) || json_is_int(count, 1, COUNT_MAX, &r->count))
		return 0;
	return req_fail(rq, 400, "Field 'count' must be a whole number from 1 to %d", COUNT_MAX);
}

static int
read_time(struct req *rq, const cJSON *doc, struct report *r)
{
	const cJSON *item = json_get(doc, "timestamp");
	int64_t now = clock_now(), ns;

	r->at = now;
	if (item == NULL || cJSON_IsNull(item))
		return 0;
	if (cJSON_IsNumber(item) && item->valuedouble >= 0 && item->valuedouble < 1e11)
		r->at = (int64_t)item->valuedouble;
	else if (cJSON_IsString(item) &&
		 time_parse(item->valuestring, strlen(item->valuestring), &ns) == 0)
		r->at = ns / NS_PER_SECOND;
	else
		return req_fail(rq, 400, "Field 'timestamp' must be " TIME_TAKEN);
	/* A report may come late, from an outbox, but not early. */
	if (r->at > now)
		r->at = now;
	if (r->at < 0)
		r->at = 0;
	return 0;
}

/* Who was hit: the first of what usually names a person. */
static void
read_user(struct req *rq, const cJSON *doc, struct report *r)
{
	static const char *const names[] = {"id", "email", "username", "ip_address"};
	const cJSON *user = json_get(doc, "user");

	r->user = json_get_text(doc, "user_id");
	for (size_t i = 0; r->user == NULL && i < NELEM(names); i++) {
		const cJSON *item = json_get(user, names[i]);
		char number[JSON_NUMBER_SIZE];

		if (cJSON_IsString(item))
			r->user = item->valuestring;
		else if (cJSON_IsNumber(item))
			r->user =
			    arena_strndup(rq->mem, number, json_spell(number, item->valuedouble));
	}
	if (r->user != NULL && *r->user == '\0')
		r->user = NULL;
}

/* The grouping key: by the list the report brought, else by its traceback. */
static void
read_key(struct req *rq, const cJSON *doc, struct report *r)
{
	const cJSON *list = json_get(doc, "fingerprint"), *item;
	struct buf text = {0};

	if (cJSON_IsArray(list) && list->child != NULL) {
		r->mechanism = "given";
		buf_str(&text, r->project);
		for (item = list->child; item != NULL; item = item->next) {
			buf_char(&text, '\n');
			buf_str(&text, item->valuestring);
		}
	} else {
		r->mechanism = "m0";
		buf_str(&text, fingerprint_text(rq->mem, r->project, r->type, r->traceback));
	}
	secret_md5_hex(r->key, text.data, text.len);
	buf_free(&text);
}

static int
read_report(struct req *rq, const cJSON *doc, struct report *r)
{
	int st;

	if ((st = read_required(rq, doc, r)) != 0 || (st = read_texts(rq, doc, r)) != 0 ||
	    (st = check_shapes(rq, doc, "", report_shapes, NELEM(report_shapes))) != 0 ||
	    (st = check_frames(rq, json_get(doc, "frames"))) != 0 ||
	    (st = check_causes(rq, json_get(doc, "causes"))) != 0 ||
	    (st = read_level(rq, doc, r)) != 0 || (st = read_count(rq, doc, r)) != 0 ||
	    (st = read_time(rq, doc, r)) != 0)
		return st;
	read_key(rq, doc, r);
	read_user(rq, doc, r);
	r->tags = cJSON_IsObject(json_get(doc, "tags")) ? json_get(doc, "tags") : NULL;
	r->request_url = json_get_text(doc, "request_url");
	r->request_method = json_get_text(doc, "request_method");
	r->browser = r->request_method != NULL && strcmp(r->request_method, "BROWSER") == 0;
	return 0;
}

static int
reply(struct req *rq, const struct report *r, const struct stored *s)
{
	static const char *const words[] = {
	    [OUTCOME_CREATED] = "created",
	    [OUTCOME_INCREMENTED] = "incremented",
	    [OUTCOME_REOPENED] = "reopened",
	};
	struct json_out *out = req_json(rq);

	json_object(out, NULL);
	json_text(out, "status", words[s->outcome]);
	json_int(out, "id", s->id);
	if (s->outcome == OUTCOME_CREATED)
		json_text(out, "fingerprint", r->key);
	else
		json_int(out, "count", s->count);
	json_object_end(out);
	return s->outcome == OUTCOME_INCREMENTED ? 200 : 201;
}

/*
 * POST /api/errors: counts a report.  201 for a new error and for a resolved one
 * that came back, 200 for a known one; 400 if the report is not one.
 */
int
errors_report(struct req *rq)
{
	struct report report = {0};
	struct stored stored = {0};
	const cJSON *doc;
	int scrubbed, st;

	if ((st = want_object(rq, &doc)) != 0 || (st = read_report(rq, doc, &report)) != 0)
		return st;
	report.payload =
	    occurrence_pack(rq->mem, doc, errors_cfg(rq)->scrub, &report.payload_len, &scrubbed);
	if (report_store(rq, &report, &stored) == DB_FAILED)
		return req_fail_db(rq);
	if (scrubbed > 0)
		app_count(rq, COUNTER_SCRUBBED, (uint64_t)scrubbed);
	if (stored.repeated)
		app_count(rq, COUNTER_REPEATED, 1);
	else if (stored.outcome == OUTCOME_CREATED)
		app_count(rq, COUNTER_CREATED, 1);
	else if (stored.outcome == OUTCOME_REOPENED)
		app_count(rq, COUNTER_REOPENED, 1);
	if (stored.capped > 0)
		app_count(rq, COUNTER_CAPPED, (uint64_t)stored.capped);
	if (stored.crowded > 0)
		app_count(rq, COUNTER_CROWDED, (uint64_t)stored.crowded);
	return reply(rq, &report, &stored);
}
