/* SPDX-License-Identifier: Apache-2.0 */
/*
 * journal_ipam.h - the text of an `ipam` file: how to call an IPAM plugin's DEL
 *
 * A line of JSON with the plugin, its CNI_* variables and the place of the device, then the stdin of ADD.
 */
#ifndef NK_JOURNAL_IPAM_H
#define NK_JOURNAL_IPAM_H

#include "base/types.h"
#include "cni/ipam.h"

#define NK_JOURNAL_VARIABLE_MAX 8

struct nk_journal_ipam {
	char *text;	      /* of the whole file */
	struct nk_json *json; /* of the first line */
	struct nk_ipam ipam;  /* points into both, and to: */
	char *variables[NK_JOURNAL_VARIABLE_MAX + 1];
	const char *netns; /* CNI_NETNS, or NULL */
};

/* nk_journal_ipam_print() - the first line. Return: to be freed; NULL when out of memory */
char *nk_journal_ipam_print(const struct nk_request *request, const struct nk_ipam *ipam,
			    const char *bpffs, const char *place);

/**
 * nk_journal_ipam_parse() - parse @ret->text; all other members must be zero
 * @size: of the text
 * @ret: call nk_journal_ipam_fini() also after a failure
 *
 * Return: 0; -EBADMSG: invalid, or of a later version; or -ENOMEM
 */
int nk_journal_ipam_parse(struct nk_journal_ipam *ret, size_t size, struct nk_error *err);
void nk_journal_ipam_fini(struct nk_journal_ipam *record);

#endif
