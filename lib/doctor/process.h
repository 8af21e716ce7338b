/* SPDX-License-Identifier: Apache-2.0 */
/* process.h - which of the daemons that matter to Pods run on this node */
#ifndef NK_PROCESS_H
#define NK_PROCESS_H

#include <stdbool.h>
#include <stdint.h>

struct nk_error;

#define NK_PROCESS_NAME_SIZE 16 /* TASK_COMM_LEN: the kernel cuts a longer name */

struct nk_process {
	int pid;
	char name[NK_PROCESS_NAME_SIZE];
};

struct nk_process_list {
	struct nk_process *at;
	uint32_t count;
};

/* nk_process_read() - read the processes of that name: see list.h. One that ends meanwhile is left out.
 * @name: a longer one is compared as the kernel cuts it
 *
 * Return: 0 or a negative errno
 */
int nk_process_read(const char *name, struct nk_process_list *ret, struct nk_error *err);

/* nk_process_memlock() - the soft limit of locked memory in bytes; UINT64_MAX: none. Return: 0; -ESRCH: the process has
 * ended; or another negative errno
 */
int nk_process_memlock(int pid, uint64_t *ret, struct nk_error *err);

#endif
