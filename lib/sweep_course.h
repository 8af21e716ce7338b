/* SPDX-License-Identifier: Apache-2.0 */
/* sweep_course.h - one sweep under way; for sweep.c and sweep_rest.c alone */
#ifndef NK_SWEEP_COURSE_H
#define NK_SWEEP_COURSE_H

#include "removal.h"
#include "sweep.h"

struct nk_attachment;

struct nk_course {
	const struct nk_sweep *sweep;
	struct nk_attachment *att; /* one at a time; it is large */
	const char *nic;	   /* NULL: none in particular */
};

/* nk_course_begin() - @ret is to be ended with nk_course_end(), also after a failure. */
int nk_course_begin(const struct nk_sweep *sweep, const char *nic, struct nk_course *ret,
		    struct nk_error *err);
void nk_course_end(struct nk_course *course);

/* nk_course_is_over() - is the time up? */
bool nk_course_is_over(const struct nk_course *course);

/* nk_course_say_late() - how many are left to the next sweep */
void nk_course_say_late(size_t left);

/* nk_course_removal() - how what is dead is removed */
struct nk_removal nk_course_removal(const struct nk_course *course);

/* nk_course_plugin_ms() - how long one IPAM plugin may take: half of what is left, so that one that
 * hangs leaves some for the next
 */
uint32_t nk_course_plugin_ms(const struct nk_course *course);

int nk_sweep_no_memory(struct nk_error *err);

/* nk_course_keep() - the first failure of several, into @err; the later ones are logged.
 * Return: @first, or else @rc
 */
int nk_course_keep(int first, int rc, struct nk_error *err, const struct nk_error *mine);

/* nk_course_leave() - an attachment whose lock was not to be had. Return: 0 where another call has it,
 * and its end is that call's concern; or @rc with @why in @err
 */
int nk_course_leave(int rc, struct nk_error *err, const struct nk_error *why);

/* nk_sweep_spares() - is it none of this sweep's concern, whatever its state? */
bool nk_sweep_spares(const struct nk_sweep *sweep, const struct nk_key *key);

#endif
