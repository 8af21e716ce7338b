// SPDX-License-Identifier: Apache-2.0
/* files.c - the input plays the files that are read, and the programs that are called */
#include "kernel.h"

#include "base/error.h"
#include "cni/delegate.h"
#include "run/rundir.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define FAKE_FD 1000 /* closed by the product, which makes nothing of it */

int __wrap_nk_rundir_open(const char *path, bool create, struct nk_rundir *ret)
{
	(void)path;
	(void)create;
	ret->fd = -1;
	return 0;
}

int __wrap_nk_rundir_open_at(int parent, const char *name)
{
	(void)parent;
	(void)name;
	return FAKE_FD;
}

void __wrap_nk_rundir_prune(struct nk_rundir *dir)
{
	(void)dir;
}

int __wrap_nk_rundir_read(int dir, const char *name, size_t size_max, char **ret, size_t *ret_size)
{
	(void)dir;
	(void)name;
	if (!fuzz_kernel.file)
		return -ENOENT;
	if (fuzz_kernel.file_size > size_max)
		return -EFBIG;
	*ret = malloc(fuzz_kernel.file_size + 1);
	if (!*ret)
		return -ENOMEM;
	memcpy(*ret, fuzz_kernel.file, fuzz_kernel.file_size);
	(*ret)[fuzz_kernel.file_size] = '\0';
	*ret_size = fuzz_kernel.file_size;
	return 0;
}

int __wrap_nk_rundir_write(int dir, const char *new, const char *name, const struct iovec *parts,
			   int count, mode_t mode)
{
	char *text = NULL;
	FILE *out = open_memstream(&text, &fuzz_kernel.file_size);
	int i;

	(void)dir;
	(void)new;
	(void)name;
	(void)mode;
	for (i = 0; out && i < count; i++)
		fwrite(parts[i].iov_base, 1, parts[i].iov_len, out);
	if (!out || fclose(out))
		return -ENOMEM;
	free(fuzz_kernel.file);
	fuzz_kernel.file = text;
	return 0;
}

void __wrap_nk_journal_drop_lock(int dir, const char *name)
{
	(void)dir;
	(void)name;
}

/* --- directories ------------------------------------------------------------------------------ */

/* The fuzzer reads directories too. */
static char fake_dir; /* never looked into */

DIR *__wrap_fdopendir(int fd)
{
	(void)fd;
	return (DIR *)&fake_dir;
}

int __wrap_closedir(DIR *dir)
{
	return (void *)dir == &fake_dir ? 0 : __real_closedir(dir);
}

int __wrap_dirfd(DIR *dir)
{
	(void)dir;
	return FAKE_FD;
}

struct dirent *__wrap_readdir(DIR *dir)
{
	static struct dirent entry;
	char *name;

	if ((void *)dir != &fake_dir)
		return __real_readdir(dir);
	name = fuzz_line(fuzz_kernel.in);
	snprintf(entry.d_name, sizeof(entry.d_name), "%s", name);
	free(name);
	return *entry.d_name ? &entry : NULL;
}

int __wrap_fstatat(int dir, const char *path, struct stat *ret, int flags)
{
	(void)dir;
	(void)path;
	(void)flags;
	*ret = (struct stat){ .st_mtim.tv_sec = time(NULL) + (int8_t)fuzz_u8(fuzz_kernel.in) };
	return 0;
}

int __wrap_unlinkat(int dir, const char *path, int flags)
{
	(void)dir;
	(void)path;
	(void)flags;
	return 0;
}

/* --- programs, and the log -------------------------------------------------------------------- */

int __wrap_nk_delegate_run(const struct nk_delegate *call, char **ret, size_t *ret_size,
			   int *ret_status, struct nk_error *err)
{
	(void)call;
	(void)err;
	*ret_status = fuzz_u8(fuzz_kernel.in);
	*ret = fuzz_rest(fuzz_kernel.in, ret_size);
	return 0;
}

void __wrap_nk_log(int level, const char *fmt, ...)
{
	char line[512];
	va_list ap;

	(void)level;
	va_start(ap, fmt);
	vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
}
