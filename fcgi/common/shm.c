/* SPDX-License-Identifier: MIT */
/* Whoever comes first gives the file its size; fresh pages are zero, which is a valid table. */
#include "shm.h"

#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "arena.h"
#include "log.h"
#include "text.h"

static struct shm *
map_file(const char *path)
{
	struct shm *shm = NULL;
	void *p;
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);

	if (fd == -1)
		return NULL;
	/* Reserving the blocks now spares us SIGBUS on a full disk later. */
	if (posix_fallocate(fd, 0, sizeof *shm) == 0) {
		p = mmap(NULL, sizeof *shm, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
		if (p != MAP_FAILED)
			shm = p;
	}
	(void)close(fd);
	return shm;
}

struct shm *
shm_open_pool(const char *path)
{
	const uint64_t this_version = text_hash(MONLIGHT_VERSION, strlen(MONLIGHT_VERSION));
	struct shm *shm = map_file(path);
	uint64_t version;

	if (shm == NULL) {
		log_warn(
		    "%s: cannot be shared, limits and counters hold for each process alone", path);
		return heap_alloc(sizeof *shm);
	}
	/* What stands at a place is the program's: another has other rows in its routing table. */
	version = atomic_load(&shm->version);
	if (version != 0 && version != this_version)
		memset(shm, 0, sizeof *shm);
	atomic_store(&shm->version, this_version);
	return shm;
}
