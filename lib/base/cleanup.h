/* SPDX-License-Identifier: Apache-2.0 */
/* cleanup.h - release process resources at the end of a scope; never used for kernel objects */
#ifndef NK_CLEANUP_H
#define NK_CLEANUP_H

#include <dirent.h>
#include <stdlib.h>
#include <string.h>
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

/* A list as of list.h. */
static inline void nk_cleanup_list(void *list)
{
	void *at;

	memcpy(&at, list, sizeof(at));
	free(at);
}

#define cleanup_free	 __attribute__((cleanup(nk_cleanup_free)))
#define cleanup_close	 __attribute__((cleanup(nk_cleanup_close)))
#define cleanup_list	 __attribute__((cleanup(nk_cleanup_list)))
#define cleanup_closedir __attribute__((cleanup(nk_cleanup_closedir)))

/* For large variables in functions that are not recursive: the process has one thread, and its
 * caller may limit the stack to 64 KiB. They keep their value between calls.
 */
#define off_stack static

/* nk_steal_fd() - take an fd away from its cleanup. */
static inline int nk_steal_fd(int *fd)
{
	int stolen = *fd;

	*fd = -1;
	return stolen;
}

/* nk_steal_dir() - a stream to read the directory of *@fd, which then belongs to the stream. Return: NULL, and *@fd stays:
 * it is negative, or errno says why
 */
static inline DIR *nk_steal_dir(int *fd)
{
	DIR *list = *fd < 0 ? NULL : fdopendir(*fd);

	if (list)
		*fd = -1;
	return list;
}

#endif
