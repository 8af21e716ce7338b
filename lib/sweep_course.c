// SPDX-License-Identifier: Apache-2.0
/* sweep_course.c - what a sweep by claims and one without have in common */
#include "sweep_course.h"

#include "attach.h"
#include "clock.h"
#include "error.h"
#include "journal.h"
#include "log.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "banned.h"

#define PLUGIN_MIN_MS 1000 /* a plugin is not started for less */

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
	return nk_error_set(err, NK_CODE_INTERNAL, ENOMEM, "out of memory", "%s", "");
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

int nk_course_give_back(const struct nk_course *course, const struct nk_key *key, bool has_ipam,
			struct nk_error *err)
{
	int64_t left = course->sweep->until - nk_clock_ms();
	int rc;

	rc = nk_journal_give_back(key, (uint32_t)(left > PLUGIN_MIN_MS ? left : PLUGIN_MIN_MS),
				  err);
	if (!rc && has_ipam)
		nk_log_warn("container %s: the journal has no entry: what addresses network %s "
			    "gave it as %s may remain reserved at its IPAM plugin",
			    key->container_id, key->network, key->cni_ifname);
	return rc < 0 ? rc : 0;
}

int nk_course_keep(int first, int rc, struct nk_error *err, const struct nk_error *mine)
{
	if (rc && !first)
		*err = *mine;
	else if (rc)
		nk_log_warn("%s: %s", mine->msg, mine->details);
	return first ? first : rc;
}

bool nk_sweep_spares(const struct nk_sweep *sweep, const struct nk_key *key)
{
	return (sweep->network && strcmp(key->network, sweep->network) != 0) ||
	       (sweep->is_valid && sweep->is_valid(key, sweep->data));
}
