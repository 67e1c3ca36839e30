/* SPDX-License-Identifier: MIT */
/* Docker replaces config.v2.json by renaming, so what is read is whole. */
#include "log_container.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "json.h"
#include "log.h"
#include "text.h"

#define CONFIG_MAX (1 << 20)
#define SHORT_ID 12

/* The whole file in the arena, or NULL. */
static char *
read_file(struct arena *mem, const char *path, size_t *len)
{
	struct stat st;
	char *text = NULL;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

	if (fd == -1) {
		if (errno != ENOENT && errno != ENOTDIR)
			log_warn("%s", path);
		return NULL;
	}
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_size <= CONFIG_MAX) {
		ssize_t n;

		text = arena_alloc(mem, (size_t)st.st_size + 1);
		n = read(fd, text, (size_t)st.st_size);
		*len = n > 0 ? (size_t)n : 0;
	}
	(void)close(fd);
	return text;
}

static bool
is_short_id(const char *s)
{
	return strspn(s, "0123456789abcdef") >= SHORT_ID;
}

/*
 * Compose calls the old container ID_NAME while it makes the new one; swarm appends the
 * task's id to SERVICE.SLOT.
 */
static const char *
lasting_name(struct arena *mem, const char *name, const cJSON *labels)
{
	const char *task = json_get_text(labels, "com.docker.swarm.task.name"), *dot;

	if (name[0] == '/')
		name++;
	if (task != NULL && strcmp(task, name) == 0 && (dot = strrchr(name, '.')) != NULL)
		return arena_strndup(mem, name, (size_t)(dot - name));
	if (is_short_id(name) && name[SHORT_ID] == '_' && name[SHORT_ID + 1] != '\0')
		return name + SHORT_ID + 1;
	return name;
}

static int64_t
get_int(const cJSON *object, const char *name)
{
	int64_t n;

	return json_is_int(json_get(object, name), INT32_MIN, INT32_MAX, &n) ? n : 0;
}

static bool
is_ours(const char *id)
{
	char host[256];

	return gethostname(host, sizeof host) == 0 && is_short_id(host) &&
	       strncmp(host, id, strlen(host)) == 0;
}

bool
log_container_read(struct arena *mem, const char *dir, const char *id, struct log_container *c)
{
	const cJSON *config, *labels, *state, *inner;
	const char *text, *why, *name;
	size_t len = 0, at;

	*c =
	    (struct log_container){.id = id, .name = arena_strndup(mem, id, strnlen(id, SHORT_ID))};
	c->ours = is_ours(id);
	if ((text = read_file(mem, arena_printf(mem, "%s/config.v2.json", dir), &len)) == NULL)
		return false;
	if ((config = json_parse(mem, text, len, &why, &at)) == NULL) {
		log_warnx("%s/config.v2.json: %s at %zu", dir, why, at);
		return false;
	}
	inner = json_get(config, "Config");
	labels = json_get(inner, "Labels");
	state = json_get(config, "State");
	if ((name = json_get_text(config, "Name")) != NULL && name[0] != '\0')
		c->name = lasting_name(mem, name, labels);
	c->image = json_get_text(inner, "Image");
	c->project = json_get_text(labels, "com.docker.compose.project");
	c->service = json_get_text(labels, "com.docker.compose.service");
	if (c->project == NULL)
		c->project = json_get_text(labels, "com.docker.stack.namespace");
	if (c->service == NULL)
		c->service = json_get_text(labels, "com.docker.swarm.service.name");
	c->multiline = json_get_text(labels, "monlight.multiline");
	c->running = cJSON_IsTrue(json_get(state, "Running"));
	c->out_of_memory = cJSON_IsTrue(json_get(state, "OOMKilled"));
	c->started = json_get_text(state, "StartedAt");
	c->finished = json_get_text(state, "FinishedAt");
	c->exit_code = get_int(state, "ExitCode");
	c->restarts = get_int(config, "RestartCount");
	return true;
}

bool
log_container_wanted(const char *list, const char *name)
{
	bool any = false;

	for (const char *s = list; s != NULL && *s != '\0';) {
		const char *comma = strchrnul(s, ','), *item = s;
		size_t len = (size_t)(comma - s);
		char pattern[256];

		text_trim(&item, &len);
		if (len > 0 && len < sizeof pattern) {
			memcpy(pattern, item, len);
			pattern[len] = '\0';
			any = true;
			if (text_glob(pattern, name))
				return true;
		}
		s = *comma != '\0' ? comma + 1 : comma;
	}
	return !any;
}
