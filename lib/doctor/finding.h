/* SPDX-License-Identifier: Apache-2.0 */
/* finding.h - what the checks of "nk-cni doctor" have found, and how it is printed; no system call */
#ifndef NK_FINDING_H
#define NK_FINDING_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

struct nk_error;

/* From the best to the worst. */
enum nk_finding_state {
	NK_FINDING_OK,
	NK_FINDING_UNKNOWN, /* the check could not look */
	NK_FINDING_WARN,    /* something will fail, or is weaker than it should be */
	NK_FINDING_FAIL,    /* an ADD will fail */
};

#define NK_FINDING_ABOUT_SIZE 64

struct nk_finding {
	enum nk_finding_state state;
	const char *check;		   /* of static storage, without blanks */
	char about[NK_FINDING_ABOUT_SIZE]; /* a NIC, a file; empty: the node */
	char text[2304];		   /* room for msg and details of an error */
	char fix[512]; /* safe to follow; empty only if the state is ok or unknown */
};

/* A list as of list.h, in the order of the checks. */
struct nk_finding_list {
	struct nk_finding *at;
	uint32_t count;
};

/* nk_finding_add() - append a finding. Bytes that are not printable ASCII become '?'. Return: 0 or -ENOMEM */
int nk_finding_add(struct nk_finding_list *list, const struct nk_finding *finding,
		   struct nk_error *err);

/* nk_finding_table() - a line of titles, a line for each finding, and below it a line with its fix, if it has one. Only
 * the last column has blanks.
 * @colour: states are coloured for a terminal
 */
void nk_finding_table(const struct nk_finding_list *list, bool colour, FILE *out);

/* nk_finding_json() - an array of all findings, to be freed; NULL when out of memory */
char *nk_finding_json(const struct nk_finding_list *list);

/* nk_finding_status() - the exit status for the worst one: 0: all ok; 1: a warning, or unknown; 2: a failure */
int nk_finding_status(const struct nk_finding_list *list);

#endif
