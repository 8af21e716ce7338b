/* SPDX-License-Identifier: Apache-2.0 */
/*
 * request.h - the CNI_* variables of one call, checked
 *
 * Source: CNI specification 1.1.0 section 2 "Parameters"; the allow-lists are libcni's own
 * (pkg/utils), the rule "set but empty is unset" is what libcni relies on.
 */
#ifndef NK_REQUEST_H
#define NK_REQUEST_H

#include "types.h"

struct nk_error;

/* Looks one variable up: getenv() in the product, a table in tests. */
typedef const char *(*nk_getenv)(const char *name);

/**
 * nk_request_parse() - read and check the variables that CNI_COMMAND needs
 *
 * ADD and CHECK need CNI_CONTAINERID, CNI_NETNS and CNI_IFNAME; DEL needs no CNI_NETNS. All
 * missing ones are named in one error.
 *
 * Return: 0, or -EINVAL with error code 4
 */
int nk_request_parse(nk_getenv env, struct nk_request *ret, struct nk_error *err);

/* nk_request_is_id() - is @id a container id or network name: [a-zA-Z0-9][a-zA-Z0-9_.-]*, at most
 * 255 bytes.
 */
bool nk_request_is_id(const char *id);

/* nk_request_is_ifname() - may @name be the name of a network device? As the kernel and libcni have it,
 * letters of any script included, but for control characters and what is no UTF-8.
 */
bool nk_request_is_ifname(const char *name);

const char *nk_request_command_name(enum nk_command command);

/* nk_request_for_plan() - what "nk-cni plan" is asked for: an ADD of CNI_IFNAME, or net1, with the
 * MAC and addresses of CNI_ARGS; no other variable counts. Return: 0, or a negative errno
 */
int nk_request_for_plan(nk_getenv env, struct nk_request *ret, struct nk_error *err);

#endif
