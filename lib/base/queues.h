/* SPDX-License-Identifier: Apache-2.0 */
/* queues.h - text forms of physical queue ids: "8-15,20" and "<master>-q<N>[-<M>]" */
#ifndef NK_QUEUES_H
#define NK_QUEUES_H

#include "base/types.h"

struct nk_error;

/* nk_queue_set_parse() - a comma-separated list of ids and ascending ranges, without queue 0, ids above 4095
 * and duplicates. @path: JSON path of the text, for errors. Return: the number of queues, at least 1, or
 * -EINVAL with error code 7
 */
int nk_queue_set_parse(const char *text, const char *path, struct nk_queue_set *ret,
		       struct nk_error *err);

/* nk_queue_set_text() - the same for people: "8-15,20"; "none" for an empty set. Text that does not fit ends in "..." */
void nk_queue_set_text(const struct nk_queue_set *set, char *buf, size_t size);

/* nk_device_id_parse() - NIC and queues in one name, as a device plugin allocates them. Return: the same */
int nk_device_id_parse(const char *text, const char *path, char ret_master[NK_ALTNAME_SIZE],
		       struct nk_queue_set *ret, struct nk_error *err);

#endif
