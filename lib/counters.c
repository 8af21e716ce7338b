// SPDX-License-Identifier: Apache-2.0
/* counters.c - reading the XDP program's per-CPU counters */
#include "counters.h"

#include "error.h"
#include "nicdir.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "banned.h"

static int refused(struct nk_error *err, const char *what, const char *path)
{
	return nk_error_set(err, NK_CODE_BPF, errno, "cannot read the counters", "%s %s: %s", what,
			    path, nk_errno_name(errno));
}

int nk_counters_open(const struct nk_nicdir *dir, struct nk_counters *ret, struct nk_error *err)
{
	struct bpf_map_info info = { 0 };
	uint32_t size = sizeof(info);
	char path[NK_PATH_SIZE];
	int cpus = libbpf_num_possible_cpus();

	nk_nicdir_pin(dir, "stats", path);
	*ret = (struct nk_counters){ .fd = bpf_obj_get(path) };
	if (ret->fd < 0)
		return errno == ENOENT ? -ENOENT : refused(err, "BPF_OBJ_GET", path);
	if (bpf_obj_get_info_by_fd(ret->fd, &info, &size))
		return refused(err, "BPF_OBJ_GET_INFO_BY_FD", path);
	/* The kernel writes one value for each possible CPU: the size has to be known before. */
	if (info.type != BPF_MAP_TYPE_PERCPU_ARRAY ||
	    info.value_size != sizeof(struct nk_queue_stats))
		return nk_error_set(err, NK_CODE_BPF, EPROTO, "the counters are of another version",
				    "%s: type %u with values of %u bytes, this nk-cni knows %d "
				    "with %zu",
				    path, info.type, info.value_size, BPF_MAP_TYPE_PERCPU_ARRAY,
				    sizeof(struct nk_queue_stats));
	if (cpus <= 0)
		return nk_error_set(err, NK_CODE_KERNEL, EIO, "cannot read the counters",
				    "/sys/devices/system/cpu/possible: %s", nk_errno_name(-cpus));
	ret->queues = info.max_entries;
	ret->cpus = (uint32_t)cpus;
	ret->per_cpu = calloc(ret->cpus, sizeof(ret->per_cpu[0]));
	if (!ret->per_cpu)
		return nk_error_set(err, NK_CODE_INTERNAL, ENOMEM, "out of memory", "%s", "");
	return 0;
}

void nk_counters_close(struct nk_counters *counters)
{
	if (counters->fd >= 0)
		close(counters->fd);
	free(counters->per_cpu);
	*counters = (struct nk_counters){ .fd = -1 };
}

void nk_counters_sum(const struct nk_queue_stats *per_cpu, uint32_t cpus,
		     struct nk_queue_stats *ret)
{
	uint32_t cpu;

	*ret = (struct nk_queue_stats){ 0 };
	for (cpu = 0; cpu < cpus; cpu++) {
		ret->redirected += per_cpu[cpu].redirected;
		ret->no_socket += per_cpu[cpu].no_socket;
		ret->dropped += per_cpu[cpu].dropped;
		ret->answered += per_cpu[cpu].answered;
		ret->resumed += per_cpu[cpu].resumed;
		ret->other_vlan += per_cpu[cpu].other_vlan;
	}
}

int nk_counters_get(const struct nk_counters *counters, uint32_t queue, struct nk_queue_stats *ret,
		    struct nk_error *err)
{
	if (queue >= counters->queues)
		return -ENOENT;
	if (bpf_map_lookup_elem(counters->fd, &queue, counters->per_cpu))
		return nk_error_set(err, NK_CODE_BPF, errno, "cannot read the counters",
				    "queue %u: %s", queue, nk_errno_name(errno));
	nk_counters_sum(counters->per_cpu, counters->cpus, ret);
	return 0;
}

int nk_counters_reset(const struct nk_counters *counters, uint32_t queue, struct nk_error *err)
{
	uint32_t cpu;

	if (bpf_map_lookup_elem(counters->fd, &queue, counters->per_cpu))
		return nk_error_set(err, NK_CODE_BPF, errno, "cannot read the counters",
				    "queue %u: %s", queue, nk_errno_name(errno));
	for (cpu = 0; cpu < counters->cpus; cpu++)
		counters->per_cpu[cpu] = (struct nk_queue_stats){
			.answered = counters->per_cpu[cpu].answered, /* the NIC's, no Pod's */
		};
	if (bpf_map_update_elem(counters->fd, &queue, counters->per_cpu, BPF_EXIST))
		return nk_error_set(err, NK_CODE_BPF, errno, "cannot reset the counters",
				    "queue %u: %s", queue, nk_errno_name(errno));
	return 0;
}
