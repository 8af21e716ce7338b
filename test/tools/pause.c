// SPDX-License-Identifier: Apache-2.0
/* Stops a process after its N-th system call, by a BPF program that counts, so that none before costs. */
#include "pause.h"
#include "bpf.h"
#include "cli.h"

#include <err.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>

struct value {
	uint64_t pid, count, at;
};

static int map = -1;

#define INSN(op, dst, src, offset, value) \
	{ .code = (op), .dst_reg = (dst), .src_reg = (src), .off = (offset), .imm = (value) }
#define LOAD(dst, src, offset) INSN(BPF_LDX | BPF_MEM | BPF_DW, dst, src, offset, 0)
#define CALL(helper)	       INSN(BPF_JMP | BPF_CALL, 0, 0, 0, helper)
#define COPY(dst, src)	       INSN(BPF_ALU64 | BPF_MOV | BPF_X, dst, src, 0, 0)
#define UNLESS_EQUAL(a, b, to) INSN(BPF_JMP | BPF_JNE | BPF_X, a, b, to, 0)

/* Return: the descriptor for which the program stays */
static int attach(void)
{
	int fd;

	map = bpf_value_create("pause", sizeof(struct value));
	if (map < 0)
		errx(CLI_SYSTEM, "create a map: %s", cli_errno(-map));
	const struct bpf_insn insns[] = {
		CALL(BPF_FUNC_get_current_pid_tgid),
		COPY(BPF_REG_6, BPF_REG_0),
		INSN(BPF_ALU64 | BPF_RSH | BPF_K, BPF_REG_6, 0, 0, 32),
		/* the value, at key 0 */
		INSN(BPF_ST | BPF_MEM | BPF_W, BPF_REG_10, 0, -4, 0),
		INSN(BPF_LD | BPF_IMM | BPF_DW, BPF_REG_1, BPF_PSEUDO_MAP_FD, 0, map),
		INSN(0, 0, 0, 0, 0),
		COPY(BPF_REG_2, BPF_REG_10),
		INSN(BPF_ALU64 | BPF_ADD | BPF_K, BPF_REG_2, 0, 0, -4),
		CALL(BPF_FUNC_map_lookup_elem),
		INSN(BPF_JMP | BPF_JEQ | BPF_K, BPF_REG_0, 0, 9, 0),
		/* of this process: count, and stop it */
		LOAD(BPF_REG_1, BPF_REG_0, offsetof(struct value, pid)),
		UNLESS_EQUAL(BPF_REG_1, BPF_REG_6, 7),
		LOAD(BPF_REG_1, BPF_REG_0, offsetof(struct value, count)),
		INSN(BPF_ALU64 | BPF_ADD | BPF_K, BPF_REG_1, 0, 0, 1),
		INSN(BPF_STX | BPF_MEM | BPF_DW, BPF_REG_0, BPF_REG_1,
		     offsetof(struct value, count), 0),
		LOAD(BPF_REG_2, BPF_REG_0, offsetof(struct value, at)),
		UNLESS_EQUAL(BPF_REG_1, BPF_REG_2, 2),
		INSN(BPF_ALU64 | BPF_MOV | BPF_K, BPF_REG_1, 0, 0, SIGSTOP),
		CALL(BPF_FUNC_send_signal),
		INSN(BPF_ALU64 | BPF_MOV | BPF_K, BPF_REG_0, 0, 0, 0),
		INSN(BPF_JMP | BPF_EXIT, 0, 0, 0, 0),
	};
	fd = bpf_tracepoint_open("sys_exit", insns, sizeof(insns) / sizeof(insns[0]));
	if (fd < 0)
		errx(CLI_SYSTEM, "count system calls: %s", cli_errno(-fd));
	return fd;
}

void pause_open(void)
{
	if (map < 0)
		attach();
}

static void pin(int fd, const char *path)
{
	int rc = bpf_obj_pin(fd, path);

	if (rc)
		errx(CLI_SYSTEM, "pin %s: %s", path, cli_errno(-rc));
}

void pause_share(const char *dir)
{
	char of_map[4096], of_link[4096];
	int fd;

	snprintf(of_map, sizeof(of_map), "%s/pause", dir);
	snprintf(of_link, sizeof(of_link), "%s/counter", dir);
	map = bpf_obj_get(of_map);
	if (map >= 0)
		return;
	fd = attach();
	pin(fd, of_link);
	pin(map, of_map);
}

void pause_at(pid_t pid, uint64_t at)
{
	const struct value value = { .pid = (uint64_t)pid, .at = at };
	int rc = bpf_value_set(map, &value);

	if (rc)
		errx(CLI_SYSTEM, "set the process: %s", cli_errno(-rc));
}

uint64_t pause_count(void)
{
	struct value value;
	int rc = bpf_value_get(map, &value);

	if (rc)
		errx(CLI_SYSTEM, "read the count: %s", cli_errno(-rc));
	return value.count;
}
