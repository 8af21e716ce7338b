/* SPDX-License-Identifier: Apache-2.0 */
/* subcommand_rows.h - one row for each subcommand and each option; for subcommand*.c alone */
#ifndef NK_SUBCOMMAND_ROWS_H
#define NK_SUBCOMMAND_ROWS_H

#include "subcommand.h"

#include <stdio.h>

struct nk_option {
	const char *name, *value, *meaning; /* value: " DIR" or " FILE"; empty: it takes none */
	size_t offset;			    /* of its value's member in struct nk_invocation */
	unsigned int bit;
	bool relative; /* the path may be relative */
};

/* Each ends with a row without a name. */
extern const struct nk_option nk_options[];
extern const struct nk_subcommand nk_subcommands[];

/* nk_subcommand_print() - what @print prints of a row, as text that the caller frees */
int nk_subcommand_print(void (*print)(const struct nk_subcommand *row, FILE *out),
			const struct nk_subcommand *row, char **ret, struct nk_error *err);

/* nk_subcommand_print_version() - the program's name and versions; @row is not used */
void nk_subcommand_print_version(const struct nk_subcommand *row, FILE *out);

#endif
