/* SPDX-License-Identifier: Apache-2.0 */
/* Opens things in another network namespace: go in, open the socket, come back. */
#ifndef NKT_NETNS_H
#define NKT_NETNS_H

#include <stdbool.h>

/**
 * netns_enter() - move the calling thread into a network namespace
 * @path: as in /run/netns/NAME; NULL means to stay
 *
 * Exits the program with a message if that cannot be done. Only sockets opened meanwhile are
 * affected; file paths stay those of the caller's mount namespace.
 *
 * Return: descriptor of the namespace that was left, for netns_leave(); -1 if @path is NULL
 */
int netns_enter(const char *path);

/* Goes back and closes the descriptor; nothing to do for -1. */
void netns_leave(int left_fd);

/* Descriptor of the calling thread's network namespace. */
int netns_current(void);

/* True if path is the namespace that the calling thread is in. */
bool netns_is_current(const char *path);

#endif
