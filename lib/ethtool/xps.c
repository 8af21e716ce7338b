// SPDX-License-Identifier: Apache-2.0
/* xps.c - transmit packet steering */
#include "ethtool/xps.h"

#include "base/cleanup.h"
#include "base/error.h"
#include "kernel/sysnet.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/banned.h"

#define POSSIBLE  "/sys/devices/system/cpu/possible"
#define FILE_SIZE 4096 /* of sysfs: a page */
#define PATH_SIZE 96

static bool has(const struct nk_cpu_set *set, uint32_t cpu)
{
	return set->bits[cpu / 64] >> (cpu % 64) & 1;
}

static void put(struct nk_cpu_set *set, uint32_t cpu)
{
	set->bits[cpu / 64] |= 1ULL << (cpu % 64);
}

/* --- text ------------------------------------------------------------------------------------ */

/* parse_group() - up to 8 hex digits. Return: what follows, or NULL */
static const char *parse_group(const char *p, uint32_t *ret)
{
	const size_t digits = strspn(p, "0123456789abcdefABCDEF");

	*ret = (uint32_t)strtoul(p, NULL, 16);
	return digits >= 1 && digits <= 8 ? p + digits : NULL;
}

/* finish_parse() - the last step of a parser: @p is at the end of the line. Return: 0 and @ret, or -EINVAL */
static int finish_parse(const char *p, const struct nk_cpu_set *set, struct nk_cpu_set *ret)
{
	if (*p && strcmp(p, "\n") != 0)
		return -EINVAL;
	*ret = *set;
	return 0;
}

int nk_xps_parse(const char *text, struct nk_cpu_set *ret)
{
	struct nk_cpu_set set = { 0 };
	const char *p = text;
	uint32_t group;
	size_t i;

	/* The highest CPUs come first: each group moves the earlier ones up by 32. */
	for (;; p++) {
		p = parse_group(p, &group);
		if (!p)
			return -EINVAL;
		if (set.bits[NK_XPS_CPUS / 64 - 1] >> 32)
			return -E2BIG;
		for (i = NK_XPS_CPUS / 64 - 1; i > 0; i--)
			set.bits[i] = set.bits[i] << 32 | set.bits[i - 1] >> 32;
		set.bits[0] = set.bits[0] << 32 | group;
		if (*p != ',')
			return finish_parse(p, &set, ret);
	}
}

/* parse_cpu() - parse a decimal number and skip it. Return: 0 or a negative errno */
static int parse_cpu(const char **p, uint32_t *ret)
{
	if (!isdigit((unsigned char)**p))
		return -EINVAL;
	for (*ret = 0; isdigit((unsigned char)**p); ++*p) {
		*ret = *ret * 10 + (uint32_t)(**p - '0');
		if (*ret >= NK_XPS_CPUS)
			return -E2BIG;
	}
	return 0;
}

int nk_xps_parse_list(const char *text, struct nk_cpu_set *ret)
{
	struct nk_cpu_set set = { 0 };
	const char *p = text;
	uint32_t first, last;
	int rc;

	for (;; p++) {
		rc = parse_cpu(&p, &first);
		if (rc)
			return rc;
		last = first;
		if (*p == '-') {
			p++;
			rc = parse_cpu(&p, &last);
		}
		if (rc || last < first)
			return rc ? rc : -EINVAL;
		for (; first <= last; first++)
			put(&set, first);
		if (*p != ',')
			return finish_parse(p, &set, ret);
	}
}

void nk_xps_text(const struct nk_cpu_set *set, char ret[NK_XPS_TEXT_SIZE])
{
	size_t used = 0;
	uint32_t group;
	int i;

	/* No leading groups of zeros: the kernel refuses more groups than it has CPUs for. */
	for (i = NK_XPS_CPUS / 32 - 1; i >= 0; i--) {
		group = (uint32_t)(set->bits[i / 2] >> (i % 2 * 32));
		if (!used && !group && i)
			continue;
		used += (size_t)snprintf(ret + used, NK_XPS_TEXT_SIZE - used, used ? ",%08x" : "%x",
					 group);
	}
}

/* --- masks ----------------------------------------------------------------------------------- */

static bool is_in_any(const struct nk_cpu_set *masks, uint32_t queues, uint32_t cpu)
{
	uint32_t queue;

	for (queue = 0; queue < queues; queue++)
		if (has(&masks[queue], cpu))
			return true;
	return false;
}

void nk_xps_exclude(const struct nk_cpu_set *from, uint32_t queues,
		    const struct nk_queue_set *excluded, const struct nk_cpu_set *cpus,
		    struct nk_cpu_set *ret)
{
	uint32_t queue, cpu, next = 0, remaining = 0;

	for (queue = 0; queue < queues; queue++) {
		ret[queue] = from[queue];
		if (nk_queue_set_has(excluded, queue))
			ret[queue] = (struct nk_cpu_set){ 0 };
		else
			remaining++;
	}
	if (!remaining)
		memcpy(ret, from, queues * sizeof(*ret));
	for (cpu = 0; remaining && cpu < NK_XPS_CPUS; cpu++) {
		if (!has(cpus, cpu) || is_in_any(ret, queues, cpu))
			continue;
		if (is_in_any(from, queues, cpu)) {
			while (nk_queue_set_has(excluded, next % queues))
				next++;
			put(&ret[next++ % queues], cpu);
			continue;
		}
		for (queue = 0; queue < queues; queue++)
			if (!nk_queue_set_has(excluded, queue))
				put(&ret[queue], cpu);
	}
}

/* --- sysfs ----------------------------------------------------------------------------------- */

/* read_text() - read a file and close it. @fd: may be a negative errno, which is returned */
static int read_text(int fd, char text[FILE_SIZE])
{
	int file cleanup_close = fd;
	ssize_t n;

	text[0] = '\0';
	n = file < 0 ? file : read(file, text, FILE_SIZE - 1);
	if (n < 0)
		return file < 0 ? file : -errno;
	text[n] = '\0';
	return 0;
}

static void print_mask_path(uint32_t queue, char ret[PATH_SIZE])
{
	snprintf(ret, PATH_SIZE, "queues/tx-%u/xps_cpus", queue);
}

/* count_queues() - @kind: the beginning of their names, which end in 0, 1 and so on */
static int count_queues(const struct nk_nic *nic, const char *kind)
{
	int fd cleanup_close = nk_sysnet_open(nic->ifindex, "queues", O_RDONLY | O_DIRECTORY);
	DIR *list cleanup_closedir = nk_steal_dir(&fd);
	const struct dirent *entry;
	int count = 0;

	if (!list)
		return fd < 0 ? fd : -errno;
	for (errno = 0; (entry = readdir(list)); errno = 0)
		count += !strncmp(entry->d_name, kind, strlen(kind));
	if (errno)
		return -errno;
	return count < NK_QUEUE_IDS ? count : NK_QUEUE_IDS;
}

int nk_xps_count(const struct nk_nic *nic)
{
	return count_queues(nic, "tx-");
}

int nk_xps_rx_count(const struct nk_nic *nic)
{
	return count_queues(nic, "rx-");
}

static int set_error(const char *of, const char *path, int rc, struct nk_error *err)
{
	const char *msg = *of ? "cannot read an XPS mask" : "cannot read the list of CPUs";

	if (rc == -E2BIG)
		return nk_error_set(err, NK_CODE_KERNEL, E2BIG, msg,
				    "%s%s: nk-cni handles up to %d CPUs", of, path, NK_XPS_CPUS);
	return nk_error_set(err, NK_CODE_KERNEL, -rc, msg, "%s%s: %s", of, path,
			    nk_errno_name(-rc));
}

int nk_xps_cpus(struct nk_cpu_set *ret, struct nk_error *err)
{
	int fd = open(POSSIBLE, O_RDONLY | O_CLOEXEC);
	char text[FILE_SIZE];
	int rc = read_text(fd < 0 ? -errno : fd, text);

	if (!rc)
		rc = nk_xps_parse_list(text, ret);
	return rc ? set_error("", POSSIBLE, rc, err) : 0;
}

int nk_xps_get(const struct nk_nic *nic, uint32_t queue, struct nk_cpu_set *ret,
	       struct nk_error *err)
{
	char path[PATH_SIZE], text[FILE_SIZE], of[IFNAMSIZ + 2];
	int rc;

	print_mask_path(queue, path);
	rc = read_text(nk_sysnet_open(nic->ifindex, path, O_RDONLY), text);
	if (rc == -ENOENT)
		return rc;
	if (!rc)
		rc = nk_xps_parse(text, ret);
	snprintf(of, sizeof(of), "%s: ", nic->name);
	return rc ? set_error(of, path, rc, err) : 0;
}

int nk_xps_set(const struct nk_nic *nic, uint32_t queue, const struct nk_cpu_set *mask,
	       struct nk_error *err)
{
	char path[PATH_SIZE], text[NK_XPS_TEXT_SIZE];
	int fd cleanup_close = -1;
	int rc = 0;

	print_mask_path(queue, path);
	nk_xps_text(mask, text);
	fd = nk_sysnet_open(nic->ifindex, path, O_WRONLY);
	if (fd < 0)
		rc = fd;
	else if (write(fd, text, strlen(text)) < 0)
		rc = -errno;
	if (!rc)
		return 0;
	return nk_error_set(err, NK_CODE_KERNEL, -rc, "cannot set the XPS mask of a transmit queue",
			    "%s: write %.64s%s to %s: %s", nic->name, text,
			    strlen(text) > 64 ? "..." : "", path, nk_errno_name(-rc));
}
