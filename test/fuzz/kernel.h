/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kernel.h - the input plays the kernel: what it answers, what is in files, what an IPAM plugin says
 *
 * The linker puts the functions __wrap_NAME() in the place of NAME() (ld, --wrap; the Makefile finds them by their
 * names). So nothing leaves the process, an answer costs no system call, and the product has no test hook.
 */
#ifndef NK_FUZZ_KERNEL_H
#define NK_FUZZ_KERNEL_H

#include "input.h"
#include "kernel/nl.h"

#include <dirent.h>
#include <net/if.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/uio.h>

struct bpf_map_batch_opts;
struct nk_delegate;
struct nk_rundir;
struct nl_msg;
struct nl_sock;

#define FUZZ_IFINDEX 2U
#define FUZZ_FAMILY  0x20

/* What answers. It is set for each input. */
struct fuzz_kernel {
	struct fuzz_input *in;
	size_t value_size; /* of the BPF map that is read */
	/* The file that is read; NULL: there is none. What is written replaces it. */
	char *file;
	size_t file_size;
};

extern struct fuzz_kernel fuzz_kernel;

/**
 * fuzz_kernel_begin() - let the input answer
 * @ret: sockets for the code under test, which need not be closed
 */
void fuzz_kernel_begin(struct fuzz_input *in, struct nk_nl *ret);

typedef int (*fuzz_request)(struct nk_nl *nl, struct nk_error *err);

/* fuzz_kernel_answer() - the first byte of the input says which request of the table the rest answers */
void fuzz_kernel_answer(const fuzz_request requests[], size_t count, const uint8_t *data,
			size_t size);

/* Netlink: an answer is a word, the size of the datagram, and then the datagram. */
struct mnl_socket;
int __wrap_mnl_socket_get_fd(const struct mnl_socket *socket);
ssize_t __wrap_mnl_socket_sendto(const struct mnl_socket *socket, const void *request, size_t size);
int __wrap_nl_socket_get_fd(const struct nl_sock *socket);
int __wrap_nl_send_auto(struct nl_sock *socket, struct nl_msg *request);
ssize_t __wrap_recvfrom(int fd, void *buf, size_t size, int flags, struct sockaddr *from,
			socklen_t *from_size);
ssize_t __wrap_recv(int fd, void *buf, size_t size, int flags);

/* Flow rules: a byte, 0 or the errno, and then what the driver filled in. */
int __wrap_ioctl(int fd, unsigned long request, ...);
int __wrap_nk_netns_own_socket(void);
int __wrap_nk_netns_own_cookie(uint64_t *ret, struct nk_error *err);
int __wrap_nk_sysnet_name(uint32_t ifindex, char ret[IFNAMSIZ]);
uint32_t __wrap_nk_sysnet_index(const char *name);
void __wrap_nk_clock_sleep(uint32_t ms);

/* BPF maps: a value is a word, its size, and then its first bytes; the others are zero. */
int __wrap_bpf_map_lookup_elem(int fd, const void *key, void *value);
int __wrap_bpf_map_get_next_key(int fd, const void *key, void *next);
int __wrap_bpf_map_lookup_batch(int fd, void *in_batch, void *out_batch, void *keys, void *values,
				uint32_t *count, const struct bpf_map_batch_opts *opts);

/* Files. A name of a directory is a line; an empty one ends the directory. */
int __wrap_nk_rundir_open(const char *path, bool create, struct nk_rundir *ret);
int __wrap_nk_rundir_open_at(int parent, const char *name);
void __wrap_nk_rundir_prune(struct nk_rundir *dir);
int __wrap_nk_rundir_read(int dir, const char *name, size_t size_max, char **ret, size_t *ret_size);
int __wrap_nk_rundir_write(int dir, const char *new, const char *name, const struct iovec *parts,
			   int count, mode_t mode);
void __wrap_nk_journal_drop_lock(int dir, const char *name);
DIR *__wrap_fdopendir(int fd);
int __real_closedir(DIR *dir);
int __wrap_closedir(DIR *dir);
int __wrap_dirfd(DIR *dir);
struct dirent *__real_readdir(DIR *dir);
struct dirent *__wrap_readdir(DIR *dir);
int __wrap_fstatat(int dir, const char *path, struct stat *ret, int flags);
int __wrap_unlinkat(int dir, const char *path, int flags);

/* An IPAM plugin: its exit status, and then what it says. */
int __wrap_nk_delegate_run(const struct nk_delegate *call, char **ret, size_t *ret_size,
			   int *ret_status, struct nk_error *err);

/* Warnings, of which there would be millions. */
void __wrap_nk_log(int level, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#endif
