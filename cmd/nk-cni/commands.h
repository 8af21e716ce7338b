/* SPDX-License-Identifier: Apache-2.0 */
/*
 * commands.h - one function a command
 *
 * Each gets the request and the configuration, const, and an attachment that is zeroed but for
 * what nk_attachment_init() needs; main() finishes the attachment and prints.
 */
#ifndef NK_COMMANDS_H
#define NK_COMMANDS_H

#include "types.h"

struct nk_attachment;
struct nk_error;

/* nk_cmd_add() - make it. Until the result is written main() may still take it back with
 * nk_attach_remove(). Return: 0 and @ret, or a negative errno and nothing made.
 */
int nk_cmd_add(const struct nk_request *request, const struct nk_config *config,
	       struct nk_attachment *att, struct nk_result *ret, struct nk_error *err);

/* nk_cmd_check() - compare what is with what was made. Return: 0 or a negative errno. */
int nk_cmd_check(const struct nk_request *request, const struct nk_config *config,
		 struct nk_attachment *att, struct nk_error *err);

/* nk_cmd_del() - remove all of it, to the end, also if some of it fails. Return: 0 or the first
 * failure.
 */
int nk_cmd_del(const struct nk_request *request, const struct nk_config *config,
	       struct nk_attachment *att, struct nk_error *err);

#endif
