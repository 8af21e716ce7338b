/* SPDX-License-Identifier: Apache-2.0 */
/*
 * policy.h - the operator's own XDP program, which sees the frames of leased queues first
 *
 * The operator pins it at <nic's directory>/policy. Our program calls it through slot NK_CALL_POLICY of
 * the pinned program array `calls`. It may drop a frame, pass it to the host, or pass it on to the Pod by
 * a tail call to slot NK_CALL_RESUME. The kernel requires all programs of an array to be alike: type XDP,
 * loaded for frames in several buffers (SEC("xdp.frags")).
 */
#ifndef NK_POLICY_H
#define NK_POLICY_H

#include <stdbool.h>

struct nk_error;
struct nk_nicdir;

/* nk_policy_is_pinned() - has the operator pinned a program for this NIC? Return: 1, 0, or a negative errno */
int nk_policy_is_pinned(const struct nk_nicdir *dir, struct nk_error *err);

/**
 * nk_policy_enter() - activate the pinned program for the NIC's leased queues
 *
 * Requires the NIC's lock, and the array. The programs change between two frames. A pin that cannot be
 * used is an error and changes nothing; so is a program that does not use the array, because it could
 * not pass a frame on. If nothing is pinned, the active program stays, because the operator may be
 * about to pin another one.
 *
 * Return: 0, or a negative errno
 */
int nk_policy_enter(const struct nk_nicdir *dir, struct nk_error *err);

/* nk_policy_leave() - deactivate the program; none is success. Return: 0 or a negative errno */
int nk_policy_leave(const struct nk_nicdir *dir, struct nk_error *err);

/* nk_policy_is_active() - is a program active, pinned or not? Return: 1, 0, or a negative errno */
int nk_policy_is_active(const struct nk_nicdir *dir, struct nk_error *err);

#endif
