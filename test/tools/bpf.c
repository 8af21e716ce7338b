// SPDX-License-Identifier: Apache-2.0
/* The few bpf(2) calls that the test programs need. */
#include "bpf.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

static int call(enum bpf_cmd cmd, union bpf_attr *attr)
{
	long ret = syscall(__NR_bpf, cmd, attr, sizeof(*attr));

	return ret < 0 ? -errno : (int)ret;
}

static uint64_t ptr(const void *p)
{
	return (uint64_t)(uintptr_t)p;
}

int bpf_obj_get(const char *path)
{
	union bpf_attr attr = { .pathname = ptr(path) };

	return call(BPF_OBJ_GET, &attr);
}

int bpf_obj_pin(int fd, const char *path)
{
	union bpf_attr attr = { .pathname = ptr(path), .bpf_fd = (uint32_t)fd };

	return call(BPF_OBJ_PIN, &attr);
}

int bpf_map_by_id(uint32_t id)
{
	union bpf_attr attr = { .map_id = id };

	return call(BPF_MAP_GET_FD_BY_ID, &attr);
}

int bpf_prog_by_id(uint32_t id)
{
	union bpf_attr attr = { .prog_id = id };

	return call(BPF_PROG_GET_FD_BY_ID, &attr);
}

int bpf_map_update(int map_fd, uint32_t key, uint32_t value)
{
	union bpf_attr attr = {
		.map_fd = (uint32_t)map_fd,
		.key = ptr(&key),
		.value = ptr(&value),
		.flags = BPF_ANY,
	};

	return call(BPF_MAP_UPDATE_ELEM, &attr);
}

int bpf_value_create(const char *name, uint32_t size)
{
	union bpf_attr attr = {
		.map_type = BPF_MAP_TYPE_ARRAY,
		.key_size = 4,
		.value_size = size,
		.max_entries = 1,
	};

	snprintf(attr.map_name, sizeof(attr.map_name), "%s", name);
	return call(BPF_MAP_CREATE, &attr);
}

int bpf_value_set(int map_fd, const void *value)
{
	const uint32_t key = 0;
	union bpf_attr attr = { .map_fd = (uint32_t)map_fd, .key = ptr(&key), .value = ptr(value) };

	return call(BPF_MAP_UPDATE_ELEM, &attr);
}

int bpf_value_get(int map_fd, void *ret_value)
{
	const uint32_t key = 0;
	union bpf_attr attr = { .map_fd = (uint32_t)map_fd,
				.key = ptr(&key),
				.value = ptr(ret_value) };

	return call(BPF_MAP_LOOKUP_ELEM, &attr);
}

int bpf_xskmap_create(const char *name, uint32_t entries)
{
	union bpf_attr attr = {
		.map_type = BPF_MAP_TYPE_XSKMAP,
		.key_size = 4,
		.value_size = 4,
		.max_entries = entries,
	};

	snprintf(attr.map_name, sizeof(attr.map_name), "%s", name);
	return call(BPF_MAP_CREATE, &attr);
}

static int load(enum bpf_prog_type type, const char *name, const struct bpf_insn *insns,
		uint32_t count)
{
	static char log[16384];
	union bpf_attr attr = {
		.prog_type = type,
		.insns = ptr(insns),
		.insn_cnt = count,
		.license = ptr("Apache-2.0"), /* no GPL-only helper is called */
	};
	int fd;

	snprintf(attr.prog_name, sizeof(attr.prog_name), "%s", name);
	fd = call(BPF_PROG_LOAD, &attr);
	if (fd >= 0)
		return fd;
	attr.log_buf = ptr(log);
	attr.log_size = sizeof(log);
	attr.log_level = 1;
	if (call(BPF_PROG_LOAD, &attr) < 0)
		fputs(log, stderr);
	return fd;
}

int bpf_xdp_load(const char *name, const struct bpf_insn *insns, uint32_t count)
{
	return load(BPF_PROG_TYPE_XDP, name, insns, count);
}

int bpf_tracepoint_open(const char *tracepoint, const struct bpf_insn *insns, uint32_t count)
{
	int prog = load(BPF_PROG_TYPE_RAW_TRACEPOINT, tracepoint, insns, count), fd;
	union bpf_attr attr = { .raw_tracepoint = { .name = ptr(tracepoint),
						    .prog_fd = (uint32_t)prog } };

	if (prog < 0)
		return prog;
	fd = call(BPF_RAW_TRACEPOINT_OPEN, &attr);
	close(prog);
	return fd;
}

int bpf_xdp_link_create(int prog_fd, uint32_t ifindex, uint32_t flags)
{
	union bpf_attr attr = {
		.link_create = { .prog_fd = (uint32_t)prog_fd,
				 .target_ifindex = ifindex,
				 .attach_type = BPF_XDP,
				 .flags = flags },
	};

	return call(BPF_LINK_CREATE, &attr);
}

int bpf_link_detach(int link_fd)
{
	union bpf_attr attr = { .link_detach = { .link_fd = (uint32_t)link_fd } };

	return call(BPF_LINK_DETACH, &attr);
}

int bpf_xdp_run(int prog_fd, uint32_t ifindex, uint32_t queue, const uint8_t *frame, uint32_t size,
		uint8_t *out, uint32_t *len, uint32_t *ret_verdict)
{
	struct xdp_md ctx = {
		.data_end = size,
		.ingress_ifindex = ifindex,
		.rx_queue_index = queue,
	};
	union bpf_attr attr = {
		.test = { .prog_fd = (uint32_t)prog_fd,
			  .data_in = ptr(frame),
			  .data_size_in = size,
			  .data_out = ptr(out),
			  .data_size_out = *len,
			  .ctx_in = ptr(&ctx),
			  .ctx_size_in = sizeof(ctx),
			  .repeat = 1 },
	};
	int rc = call(BPF_PROG_TEST_RUN, &attr);

	*len = attr.test.data_size_out;
	*ret_verdict = attr.test.retval;
	return rc;
}

int bpf_info(int fd, void *ret_info, size_t size)
{
	union bpf_attr attr = {
		.info = { .bpf_fd = (uint32_t)fd,
			  .info_len = (uint32_t)size,
			  .info = ptr(ret_info) },
	};

	memset(ret_info, 0, size);
	return call(BPF_OBJ_GET_INFO_BY_FD, &attr);
}
