/* SPDX-License-Identifier: Apache-2.0 */
/*
 * request.h - the CNI_* variables of a call, checked
 *
 * Source: CNI specification 1.1.0 section 2 "Parameters". The allowed characters are libcni's
 * (pkg/utils). An empty variable counts as unset, as libcni expects.
 */
#ifndef NK_REQUEST_H
#define NK_REQUEST_H

#include "base/types.h"

struct nk_error;

/* Looks up one variable: getenv() in the product, a table in tests. */
typedef const char *(*nk_getenv)(const char *name);

/* nk_request_parse() - read and check the variables that CNI_COMMAND requires. One error lists all missing ones.
 * Return: 0, or -EINVAL with error code 4
 */
int nk_request_parse(nk_getenv env, struct nk_request *ret, struct nk_error *err);

/* nk_request_is_id() - a container id or network name: [a-zA-Z0-9][a-zA-Z0-9_.-]*, at most 255 bytes */
bool nk_request_is_id(const char *id);

/* nk_request_is_ifname() - a name of a network device by the rules of the kernel and libcni: letters of any
 * script, but no control characters and only UTF-8
 */
bool nk_request_is_ifname(const char *name);

const char *nk_request_command_name(enum nk_command command);

/* nk_request_lock_ms() - a command's timeout for each lock: attachment, NIC, network. With it a
 * DEL, IPAM plugin included, takes less than CRI-O's minute, and a GC less than its 30 s; kubelet
 * gives an ADD 4 minutes.
 */
uint32_t nk_request_lock_ms(enum nk_command command);

/* nk_request_for_plan() - the request of "nk-cni plan": an ADD of CNI_IFNAME, or of net1, with MAC
 * and addresses of CNI_ARGS. Other variables are ignored. Return: 0, or a negative errno
 */
int nk_request_for_plan(nk_getenv env, struct nk_request *ret, struct nk_error *err);

#endif
