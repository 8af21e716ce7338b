/* SPDX-License-Identifier: Apache-2.0 */
/* queues.h - text forms of physical queue ids: "8-15,20" and "<master>-q<N>[-<M>]" */
#ifndef NK_QUEUES_H
#define NK_QUEUES_H

#include "types.h"

struct nk_error;

/**
 * nk_queue_set_parse() - a comma separated list of ids and ascending ranges
 * @path: JSON path of the text, for errors
 *
 * Queue 0 is refused (it is the host's own, never lent), so are ids beyond 4095, an empty list and
 * an id named twice.
 *
 * Return: the number of queues, or -EINVAL with error code 7
 */
int nk_queue_set_parse(const char *text, const char *path, struct nk_queue_set *ret,
		       struct nk_error *err);

/**
 * nk_device_id_parse() - what a device plugin allocates: NIC and queues in one name
 * @ret_master: the NIC's name
 *
 * Return: the number of queues, or -EINVAL with error code 7
 */
int nk_device_id_parse(const char *text, const char *path, char ret_master[NK_ALTNAME_SIZE],
		       struct nk_queue_set *ret, struct nk_error *err);

#endif
