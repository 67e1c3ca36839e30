/* SPDX-License-Identifier: MIT */
/*
 * Landlock by its three system calls; glibc 2.36 has no wrappers for them.
 * Rights as in linux/landlock.h, ABI 1 to 3; what a kernel does not know is left out.
 */
#include "sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "arena.h"
#include "log.h"

#ifndef LANDLOCK_ACCESS_FS_REFER
#define LANDLOCK_ACCESS_FS_REFER (1ULL << 13)
#endif
#ifndef LANDLOCK_ACCESS_FS_TRUNCATE
#define LANDLOCK_ACCESS_FS_TRUNCATE (1ULL << 14)
#endif

#define RIGHTS_READ (LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR)
#define RIGHTS_WRITE                                                                               \
	(RIGHTS_READ | LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_REMOVE_FILE |            \
	    LANDLOCK_ACCESS_FS_REMOVE_DIR | LANDLOCK_ACCESS_FS_MAKE_REG |                          \
	    LANDLOCK_ACCESS_FS_MAKE_DIR | LANDLOCK_ACCESS_FS_REFER | LANDLOCK_ACCESS_FS_TRUNCATE)
/* Everything ABI 1 knows: what no rule allows is refused. */
#define RIGHTS_ABI1 ((LANDLOCK_ACCESS_FS_MAKE_SYM << 1) - 1)
/* Those that make sense for a file that is no directory. */
#define RIGHTS_FILE                                                                                \
	(LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_TRUNCATE)

static int
open_directory_of(const char *path)
{
	char *directory = heap_strdup(path), *slash = strrchr(directory, '/');
	int fd;

	if (slash != NULL)
		slash[slash == directory] = '\0';
	fd = open(slash != NULL ? directory : ".", O_PATH | O_CLOEXEC);
	free(directory);
	return fd;
}

static int
allow(int ruleset, const struct sandbox_path *path, uint64_t handled)
{
	struct landlock_path_beneath_attr rule = {0};
	struct stat st;
	int st_rule;

	rule.parent_fd = path->access == SANDBOX_WRITE_BESIDE
			     ? open_directory_of(path->path)
			     : open(path->path, O_PATH | O_CLOEXEC);
	if (rule.parent_fd == -1)
		return errno == ENOENT || errno == EACCES ? 0 : -1;
	rule.allowed_access = path->access == SANDBOX_READ ? RIGHTS_READ : RIGHTS_WRITE;
	rule.allowed_access &= handled;
	if (fstat(rule.parent_fd, &st) == 0 && !S_ISDIR(st.st_mode))
		rule.allowed_access &= RIGHTS_FILE;
	st_rule =
	    (int)syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &rule, 0);
	(void)close(rule.parent_fd);
	return st_rule;
}

int
sandbox_enter(const struct sandbox_path *paths, size_t n)
{
	struct landlock_ruleset_attr attr = {.handled_access_fs = RIGHTS_ABI1};
	long abi = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
	int ruleset, st = -1;

	if (abi < 0) {
		log_debug("this kernel has no Landlock: running without it");
		return 0;
	}
	if (abi >= 2)
		attr.handled_access_fs |= LANDLOCK_ACCESS_FS_REFER;
	if (abi >= 3)
		attr.handled_access_fs |= LANDLOCK_ACCESS_FS_TRUNCATE;
	ruleset = (int)syscall(SYS_landlock_create_ruleset, &attr, sizeof attr, 0);
	if (ruleset == -1) {
		log_warn("cannot make a Landlock rule set");
		return -1;
	}
	for (size_t i = 0; i < n; i++)
		if (paths[i].path != NULL &&
		    allow(ruleset, &paths[i], attr.handled_access_fs) == -1) {
			log_warn("cannot allow %s in the sandbox", paths[i].path);
			goto out;
		}
#ifdef MONLIGHT_DEBUG
	/* At the end LeakSanitizer looks at its own process through /proc. */
	(void)allow(ruleset, &(struct sandbox_path){"/proc", SANDBOX_READ}, RIGHTS_ABI1);
#endif
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == -1 ||
	    syscall(SYS_landlock_restrict_self, ruleset, 0) == -1) {
		log_warn("cannot enter the sandbox");
		goto out;
	}
	st = 0;
out:
	(void)close(ruleset);
	return st;
}
