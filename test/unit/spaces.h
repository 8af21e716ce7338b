/* SPDX-License-Identifier: Apache-2.0 */
/*
 * spaces.h - namespaces for tests, on machines that grant them in different ways
 *
 * An ordinary user's tests run in a user namespace, where they are root: it is made before main(). In a
 * chroot, as builders of packages use, the kernel makes no user namespace; there root makes the chroot
 * the root of its mounts first. Who is neither root nor may make a user namespace gets no namespace.
 */
#ifndef NK_TEST_SPACES_H
#define NK_TEST_SPACES_H

/**
 * spaces_unshare() - into new namespaces of these kinds (CLONE_NEWNET, CLONE_NEWUSER)
 *
 * For a user namespace the calling process must have one thread.
 *
 * Return: 0, or a negative errno: -EPERM where this machine does not grant it
 */
int spaces_unshare(int kinds);

#endif
