// SPDX-License-Identifier: Apache-2.0
/* counters.c - read and reset the per-CPU counters of the XDP program */
#include "bpffs/counters.h"

#include "base/error.h"
#include "bpffs/nicdir.h"
#include "bpffs/pinmap.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/banned.h"

int nk_counters_open(const struct nk_nicdir *dir, struct nk_counters *ret, struct nk_error *err)
{
	struct bpf_map_info info = { 0 };
	int cpus = libbpf_num_possible_cpus();

	*ret = (struct nk_counters){ .fd = nk_pinmap_find_pin(dir, NK_PIN_STATS, &info, err) };
	if (ret->fd < 0)
		return ret->fd;
	/* A look-up fills one value per possible CPU, so the size must be known before. */
	if (info.type != BPF_MAP_TYPE_PERCPU_ARRAY ||
	    info.value_size != sizeof(struct nk_queue_stats)) {
		nk_error_set(
			err, NK_CODE_BPF, EPROTO, "the counters are of another version",
			"%s/" NK_PIN_STATS
			": type %u with values of %u bytes; this nk-cni reads type %d with values "
			"of %zu bytes",
			dir->path, info.type, info.value_size, BPF_MAP_TYPE_PERCPU_ARRAY,
			sizeof(struct nk_queue_stats));
		return nk_pinmap_other_build(err);
	}
	if (cpus <= 0)
		return nk_error_set(err, NK_CODE_KERNEL, EIO, "cannot read the counters",
				    "/sys/devices/system/cpu/possible: %s", nk_errno_name(-cpus));
	ret->queues = info.max_entries;
	ret->cpus = (uint32_t)cpus;
	ret->per_cpu = calloc(ret->cpus, sizeof(ret->per_cpu[0]));
	if (!ret->per_cpu)
		return nk_error_no_memory(err);
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

/* read_queue() - into per_cpu */
static int read_queue(const struct nk_counters *counters, uint32_t queue, struct nk_error *err)
{
	if (!bpf_map_lookup_elem(counters->fd, &queue, counters->per_cpu))
		return 0;
	return nk_error_sys(err, NK_CODE_BPF, "cannot read the counters", "queue %u", queue);
}

int nk_counters_get(const struct nk_counters *counters, uint32_t queue, struct nk_queue_stats *ret,
		    struct nk_error *err)
{
	int rc = queue < counters->queues ? read_queue(counters, queue, err) : -ENOENT;

	if (!rc)
		nk_counters_sum(counters->per_cpu, counters->cpus, ret);
	return rc;
}

int nk_counters_reset(const struct nk_counters *counters, uint32_t queue, struct nk_error *err)
{
	int rc = read_queue(counters, queue, err);
	uint32_t cpu;

	if (rc)
		return rc;
	/* `answered` counts for the NIC, not for a Pod. */
	for (cpu = 0; cpu < counters->cpus; cpu++)
		counters->per_cpu[cpu] = (struct nk_queue_stats){
			.answered = counters->per_cpu[cpu].answered,
		};
	if (bpf_map_update_elem(counters->fd, &queue, counters->per_cpu, BPF_EXIST))
		return nk_error_sys(err, NK_CODE_BPF, "cannot reset the counters", "queue %u",
				    queue);
	return 0;
}
