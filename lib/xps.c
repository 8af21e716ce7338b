// SPDX-License-Identifier: Apache-2.0
/* xps.c - transmit packet steering */
#include "xps.h"

#include "cleanup.h"
#include "error.h"
#include "sysnet.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "banned.h"

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

/* parse_group() - up to 8 hex digits at @p; returns what follows, or NULL */
static const char *parse_group(const char *p, uint32_t *ret)
{
	uint32_t value = 0;
	int digits = 0;

	for (; isxdigit((unsigned char)*p); p++, digits++)
		value = value << 4 |
			(uint32_t)(isdigit((unsigned char)*p) ? *p - '0' : (*p | 0x20) - 'a' + 10);
	*ret = value;
	return digits >= 1 && digits <= 8 ? p : NULL;
}

/* is_end() - of a line of sysfs, with or without its newline */
static bool is_end(const char *p)
{
	return !*p || (*p == '\n' && !p[1]);
}

int nk_xps_parse(const char *text, struct nk_cpu_set *ret)
{
	struct nk_cpu_set set = { 0 };
	const char *p = text;
	uint32_t group;
	size_t i;

	/* The highest CPUs come first: each group moves what is there up by 32. */
	for (;;) {
		p = parse_group(p, &group);
		if (!p)
			return -EINVAL;
		if (set.bits[NK_XPS_CPUS / 64 - 1] >> 32)
			return -E2BIG;
		for (i = NK_XPS_CPUS / 64 - 1; i > 0; i--)
			set.bits[i] = set.bits[i] << 32 | set.bits[i - 1] >> 32;
		set.bits[0] = set.bits[0] << 32 | group;
		if (*p != ',')
			break;
		p++;
	}
	if (!is_end(p))
		return -EINVAL;
	*ret = set;
	return 0;
}

void nk_xps_text(const struct nk_cpu_set *set, char ret[NK_XPS_TEXT_SIZE])
{
	size_t used = 0;
	uint32_t group;
	int i;

	/* Without leading groups of zeros: the kernel refuses more groups than it has CPUs for. */
	for (i = NK_XPS_CPUS / 32 - 1; i >= 0; i--) {
		group = (uint32_t)(set->bits[i / 2] >> (i % 2 * 32));
		if (!used && !group && i)
			continue;
		used += (size_t)snprintf(ret + used, NK_XPS_TEXT_SIZE - used, used ? ",%08x" : "%x",
					 group);
	}
}

/* parse_cpu() - a decimal number at @p. Return: 0 or a negative errno */
static int parse_cpu(const char **p, uint32_t *ret)
{
	uint32_t cpu = 0;

	if (!isdigit((unsigned char)**p))
		return -EINVAL;
	for (; isdigit((unsigned char)**p); ++*p) {
		cpu = cpu * 10 + (uint32_t)(**p - '0');
		if (cpu >= NK_XPS_CPUS)
			return -E2BIG;
	}
	*ret = cpu;
	return 0;
}

int nk_xps_parse_list(const char *text, struct nk_cpu_set *ret)
{
	struct nk_cpu_set set = { 0 };
	uint32_t first, last;
	const char *p = text;
	int rc;

	for (;;) {
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
			break;
		p++;
	}
	if (!is_end(p))
		return -EINVAL;
	*ret = set;
	return 0;
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

/* read_text() - what is in an open file, which is closed; @fd may be an errno */
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

static void mask_path(uint32_t queue, char ret[PATH_SIZE])
{
	snprintf(ret, PATH_SIZE, "queues/tx-%u/xps_cpus", queue);
}

static int count_queues(const struct nk_nic *nic, const char *kind)
{
	int dir cleanup_close = nk_sysnet_open(nic->ifindex, "queues", O_RDONLY | O_DIRECTORY);
	char path[PATH_SIZE];
	int count = 0;

	if (dir < 0)
		return dir;
	for (; count < NK_QUEUE_IDS; count++) {
		snprintf(path, sizeof(path), "%s-%d", kind, count);
		if (faccessat(dir, path, F_OK, 0))
			return errno == ENOENT ? count : -errno;
	}
	return count;
}

int nk_xps_count(const struct nk_nic *nic)
{
	return count_queues(nic, "tx");
}

int nk_xps_rx_count(const struct nk_nic *nic)
{
	return count_queues(nic, "rx");
}

static int unreadable(const char *of, const char *path, int rc, struct nk_error *err)
{
	if (rc == -E2BIG)
		return nk_error_set(err, NK_CODE_KERNEL, E2BIG, "cannot read a set of CPUs",
				    "%s%s: has CPUs beyond the %d that we handle", of, path,
				    NK_XPS_CPUS);
	return nk_error_set(err, NK_CODE_KERNEL, -rc, "cannot read a set of CPUs", "%s%s: %s", of,
			    path, nk_errno_name(-rc));
}

int nk_xps_cpus(struct nk_cpu_set *ret, struct nk_error *err)
{
	int fd = open(POSSIBLE, O_RDONLY | O_CLOEXEC);
	char text[FILE_SIZE];
	int rc = read_text(fd < 0 ? -errno : fd, text);

	if (!rc)
		rc = nk_xps_parse_list(text, ret);
	return rc ? unreadable("", POSSIBLE, rc, err) : 0;
}

int nk_xps_get(const struct nk_nic *nic, uint32_t queue, struct nk_cpu_set *ret,
	       struct nk_error *err)
{
	char path[PATH_SIZE], text[FILE_SIZE], of[IFNAMSIZ + 2];
	int rc;

	mask_path(queue, path);
	rc = read_text(nk_sysnet_open(nic->ifindex, path, O_RDONLY), text);
	if (rc == -ENOENT)
		return rc;
	if (!rc)
		rc = nk_xps_parse(text, ret);
	snprintf(of, sizeof(of), "%s: ", nic->name);
	return rc ? unreadable(of, path, rc, err) : 0;
}

int nk_xps_set(const struct nk_nic *nic, uint32_t queue, const struct nk_cpu_set *mask,
	       struct nk_error *err)
{
	char path[PATH_SIZE], text[NK_XPS_TEXT_SIZE];
	int fd cleanup_close = -1;
	int rc = 0;

	mask_path(queue, path);
	nk_xps_text(mask, text);
	fd = nk_sysnet_open(nic->ifindex, path, O_WRONLY);
	if (fd < 0)
		rc = fd;
	else if (write(fd, text, strlen(text)) < 0)
		rc = -errno;
	return rc ? nk_error_set(err, NK_CODE_KERNEL, -rc, "cannot set the CPUs of a queue",
				 "%s: write %.64s%s to %s: %s", nic->name, text,
				 strlen(text) > 64 ? "..." : "", path, nk_errno_name(-rc)) :
		    0;
}
