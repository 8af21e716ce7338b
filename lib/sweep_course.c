// SPDX-License-Identifier: Apache-2.0
/* sweep_course.c - what a sweep by claims and one without have in common */
#include "sweep_course.h"

#include "attach.h"
#include "clock.h"
#include "error.h"
#include "log.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "banned.h"

#define PLUGIN_MIN_MS 1000 /* a plugin is not started for less */

int nk_sweep_no_memory(struct nk_error *err)
{
	return nk_error_set(err, NK_CODE_INTERNAL, ENOMEM, "out of memory", "%s", "");
}

int nk_course_begin(const struct nk_sweep *sweep, const char *nic, struct nk_course *ret,
		    struct nk_error *err)
{
	*ret = (struct nk_course){
		.sweep = sweep,
		.att = calloc(1, sizeof(*ret->att)),
		.nic = nic,
	};
	if (ret->att)
		return 0;
	return nk_sweep_no_memory(err);
}

void nk_course_end(struct nk_course *course)
{
	free(course->att);
	course->att = NULL;
}

bool nk_course_is_over(const struct nk_course *course)
{
	return nk_clock_ms() >= course->sweep->until;
}

void nk_course_say_late(size_t left)
{
	if (left)
		nk_log_warn("there was no time to remove all that is dead: the next ADD or GC goes "
			    "on, with %zu more to look at",
			    left);
}

struct nk_removal nk_course_removal(const struct nk_course *course)
{
	return (struct nk_removal){
		.bpffs = course->sweep->bpffs,
		.drop_program = course->sweep->drop_program,
		.keep_rss = course->sweep->keep_rss,
	};
}

uint32_t nk_course_plugin_ms(const struct nk_course *course)
{
	const int64_t half = (course->sweep->until - nk_clock_ms()) / 2;

	return half > PLUGIN_MIN_MS ? (uint32_t)half : PLUGIN_MIN_MS;
}

int nk_course_keep(int first, int rc, struct nk_error *err, const struct nk_error *mine)
{
	if (rc && !first)
		*err = *mine;
	else if (rc)
		nk_log_warn("%s: %s", mine->msg, mine->details);
	return first ? first : rc;
}

int nk_course_leave(int rc, struct nk_error *err, const struct nk_error *why)
{
	if (rc == -EAGAIN)
		return 0;
	*err = *why;
	return rc;
}

bool nk_sweep_spares(const struct nk_sweep *sweep, const struct nk_key *key)
{
	return (sweep->network && strcmp(key->network, sweep->network) != 0) ||
	       (sweep->is_valid && sweep->is_valid(key, sweep->data));
}
