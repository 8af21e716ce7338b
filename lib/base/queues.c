// SPDX-License-Identifier: Apache-2.0
/* queues.c - parse lists of physical queue ids; no system call */
#include "base/queues.h"

#include "base/error.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/banned.h"

static int refuse_list(struct nk_error *err, const char *path, const char *text, const char *why)
{
	return nk_error_config(err, "%s: \"%.64s\" %s", path, text, why);
}

/* parse_id() - a decimal number below NK_QUEUE_IDS at @p. Return: the text after it, or NULL. */
static const char *parse_id(const char *p, uint32_t *ret)
{
	uint32_t id = 0;

	if (!isdigit((unsigned char)*p))
		return NULL;
	for (; isdigit((unsigned char)*p); p++) {
		id = id * 10 + (uint32_t)(*p - '0');
		if (id >= NK_QUEUE_IDS)
			return NULL;
	}
	*ret = id;
	return p;
}

/* parse_list() - @list is the tail or all of the value @text */
static int parse_list(const char *list, const char *text, const char *path,
		      struct nk_queue_set *ret, struct nk_error *err)
{
	char why[64];
	struct nk_queue_set set = { 0 };
	const char *p = list;
	uint32_t first = 0, last = 0;
	int count = 0;

	for (;;) {
		p = parse_id(p, &first);
		last = first;
		if (p && *p == '-')
			p = parse_id(p + 1, &last);
		if (!p || (*p && *p != ','))
			return refuse_list(err, path, text,
					   "is not a list of queue ids from 1 to 4095 such as "
					   "\"8-15,20\"");
		if (!first || !last)
			return refuse_list(
				err, path, text,
				"contains queue 0, which belongs to the host and is never lent");
		if (last < first) {
			snprintf(why, sizeof(why), "has a range that is backwards: write %u-%u",
				 last, first);
			return refuse_list(err, path, text, why);
		}
		for (; first <= last; first++, count++) {
			if (nk_queue_set_has(&set, first)) {
				snprintf(why, sizeof(why), "contains queue %u twice", first);
				return refuse_list(err, path, text, why);
			}
			nk_queue_set_put(&set, first);
		}
		if (!*p)
			break;
		p++;
	}
	*ret = set;
	return count;
}

int nk_queue_set_parse(const char *text, const char *path, struct nk_queue_set *ret,
		       struct nk_error *err)
{
	return parse_list(text, text, path, ret, err);
}

int nk_device_id_parse(const char *text, const char *path, char ret_master[NK_ALTNAME_SIZE],
		       struct nk_queue_set *ret, struct nk_error *err)
{
	const char *mark = NULL, *p;
	size_t len;

	/* The last "-q": the name of a NIC may contain one. */
	for (p = strstr(text, "-q"); p; p = strstr(p + 1, "-q"))
		mark = p;
	len = mark ? (size_t)(mark - text) : 0;
	if (!len || len >= NK_ALTNAME_SIZE || strchr(mark, ','))
		return refuse_list(err, path, text, "is not of the form <master>-q<N>[-<M>]");
	memcpy(ret_master, text, len);
	ret_master[len] = '\0';
	return parse_list(mark + 2, text, path, ret, err);
}

void nk_queue_set_text(const struct nk_queue_set *set, char *buf, size_t size)
{
	uint32_t first, end;
	size_t used = 0;

	snprintf(buf, size, "none");
	for (first = 0; first < NK_QUEUE_IDS; first = end + 1) {
		for (end = first; nk_queue_set_has(set, end); end++)
			;
		if (end == first)
			continue;
		used += (size_t)snprintf(buf + used, size - used, "%s%u", used ? "," : "", first);
		if (used < size && end > first + 1)
			used += (size_t)snprintf(buf + used, size - used, "-%u", end - 1);
		if (used >= size) {
			snprintf(buf + size - sizeof("..."), sizeof("..."), "...");
			return;
		}
	}
}
