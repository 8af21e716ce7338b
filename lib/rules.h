/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rules.h - which flow rules of a NIC are ours, and whose
 *
 * A pinned hash map on the NIC's directory, mode 0600. A rule is entered before the NIC gets it, and
 * taken out after the NIC has lost it; so what a killed ADD has left is known. An attachment is told
 * by its owner number: the first physical queue it has claimed. All functions want the NIC's lock.
 */
#ifndef NK_RULES_H
#define NK_RULES_H

#include "flow.h"

struct nk_error;

#define NK_RULES_MAX	4096U /* rules of one attachment */
#define NK_RULE_VERSION 1

struct nk_rule {
	uint32_t version;
	uint32_t placed;     /* the NIC has it, at flow.spec.location; else it may have, anywhere */
	struct nk_flow flow; /* as the NIC gave it back; not placed: as we wanted it */
};

/**
 * nk_rules_open() - the rules of a NIC
 * @path: of the pin
 * @create: make and pin the map where there is none
 *
 * Return: an fd, -ENOENT where there is none, or another negative errno
 */
int nk_rules_open(const char *path, bool create, struct nk_error *err);

/* nk_rules_put() - note rule number @n, from 0, of @owner; replaces an earlier note. */
int nk_rules_put(int fd, uint32_t owner, uint32_t n, const struct nk_rule *rule,
		 struct nk_error *err);

/* nk_rules_get() - Return: 0, or -ENOENT (which fills no error) */
int nk_rules_get(int fd, uint32_t owner, uint32_t n, struct nk_rule *ret, struct nk_error *err);

/**
 * nk_rules_each() - call @fn for every note
 * @fn: returns 0, or non-zero, which ends the walk and is returned
 */
int nk_rules_each(int fd,
		  int (*fn)(uint32_t owner, const struct nk_rule *rule, void *data,
			    struct nk_error *err),
		  void *data, struct nk_error *err);

/* nk_rules_remove() - forget it; one that is not there is success. */
int nk_rules_remove(int fd, uint32_t owner, uint32_t n, struct nk_error *err);

#endif
