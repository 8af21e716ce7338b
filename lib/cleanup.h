/* SPDX-License-Identifier: Apache-2.0 */
/* cleanup.h - process resources that leave with their scope; kernel objects never use these */
#ifndef NK_CLEANUP_H
#define NK_CLEANUP_H

#include <dirent.h>
#include <stdlib.h>
#include <unistd.h>

static inline void nk_cleanup_close(const int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

static inline void nk_cleanup_closedir(DIR **dir)
{
	if (*dir)
		closedir(*dir);
}

static inline void nk_cleanup_free(char **text)
{
	free(*text);
}

#define cleanup_free	 __attribute__((cleanup(nk_cleanup_free)))
#define cleanup_close	 __attribute__((cleanup(nk_cleanup_close)))
#define cleanup_closedir __attribute__((cleanup(nk_cleanup_closedir)))

/* For large variables of a function that does not call itself: the process has one thread, and whoever
 * starts it may give it no more than 64 KiB of stack. They keep their value between calls.
 */
#define off_stack static

/* nk_steal_fd() - hand an fd on, out of reach of its cleanup. */
static inline int nk_steal_fd(int *fd)
{
	int stolen = *fd;

	*fd = -1;
	return stolen;
}

#endif
