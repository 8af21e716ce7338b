/* SPDX-License-Identifier: Apache-2.0 */
/*
 * policy.h - the operator's own XDP program, which sees the frames of leased queues first
 *
 * He pins it at <nic's directory>/policy. Ours calls it through slot NK_CALL_POLICY of the pinned
 * program array `calls`; it may drop a frame, pass it to the host, or let it go on by a tail call of
 * slot NK_CALL_RESUME. The kernel wants all programs of an array alike: type XDP, loaded for frames
 * of several buffers (SEC("xdp.frags")).
 */
#ifndef NK_POLICY_H
#define NK_POLICY_H

#include <stdbool.h>

struct nk_error;
struct nk_nicdir;

/* nk_policy_is_pinned() - has the operator one for this NIC? Return: 1, 0, or a negative errno */
int nk_policy_is_pinned(const struct nk_nicdir *dir, struct nk_error *err);

/**
 * nk_policy_enter() - have the program that is pinned now run for the NIC's leased queues
 *
 * Wants the NIC's lock held, and the array pinned. One program takes the other's place between two
 * frames. A pin that cannot be used is an error, and changes nothing; so is a program that does not
 * know the array, and could let no frame go on. Where nothing is pinned, what runs goes on: its
 * operator may be about to pin another one.
 *
 * Return: 0, or a negative errno
 */
int nk_policy_enter(const struct nk_nicdir *dir, struct nk_error *err);

/* nk_policy_leave() - no policy any more; none is success. Return: 0, or a negative errno. */
int nk_policy_leave(const struct nk_nicdir *dir, struct nk_error *err);

/* nk_policy_is_active() - does one run, pinned or not? Return: 1, 0, or a negative errno */
int nk_policy_is_active(const struct nk_nicdir *dir, struct nk_error *err);

#endif
