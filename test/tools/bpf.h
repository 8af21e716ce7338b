/* SPDX-License-Identifier: Apache-2.0 */
/* The few bpf(2) calls that the test programs need. */
#ifndef NKT_BPF_H
#define NKT_BPF_H

#include <linux/bpf.h>
#include <stddef.h>
#include <stdint.h>

/* Each returns a descriptor (or 0 where none is made) or a negative errno. */
int bpf_obj_get(const char *path);
int bpf_obj_pin(int fd, const char *path);
/* Wants CAP_SYS_ADMIN. */
int bpf_map_by_id(uint32_t id);
int bpf_prog_by_id(uint32_t id);
int bpf_map_update(int map_fd, uint32_t key, uint32_t value);
/* An array with one value; it is read and written whole. */
int bpf_value_create(const char *name, uint32_t size);
int bpf_value_set(int map_fd, const void *value);
int bpf_value_get(int map_fd, void *ret_value);
int bpf_xskmap_create(const char *name, uint32_t entries);
/* On refusal the verifier's log is written to stderr. */
int bpf_xdp_load(const char *name, const struct bpf_insn *insns, uint32_t count);
/* The program runs at this tracepoint until the descriptor is closed. */
int bpf_tracepoint_open(const char *tracepoint, const struct bpf_insn *insns, uint32_t count);
/* flags: XDP_FLAGS_SKB_MODE or XDP_FLAGS_DRV_MODE; ifindex is one of the caller's netns. */
int bpf_xdp_link_create(int prog_fd, uint32_t ifindex, uint32_t flags);
int bpf_link_detach(int link_fd);
/* One frame through an XDP program, as if from that queue. @len: room at @out, then bytes there */
int bpf_xdp_run(int prog_fd, uint32_t ifindex, uint32_t queue, const uint8_t *frame, uint32_t size,
		uint8_t *out, uint32_t *len, uint32_t *ret_verdict);
/* Fills a struct bpf_prog_info, bpf_map_info or bpf_link_info of size bytes. */
int bpf_info(int fd, void *ret_info, size_t size);

#endif
