/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sysnet.h - a device's directory in sysfs, found by ifindex and not by name
 *
 * The directory stays with the device when the device is renamed or moved to another netns. So a file
 * opened below its fd (openat()) never belongs to another device. The inode number of the directory
 * identifies the device: it stays too, and the kernel never reuses it in a boot.
 */
#ifndef NK_SYSNET_H
#define NK_SYSNET_H

#include <net/if.h>
#include <stddef.h>
#include <stdint.h>

/**
 * nk_sysnet_open() - open a file in the directory of a device in our own netns
 * @path: below the directory; NULL: open the directory itself for reading
 *
 * The directory that was found last is kept open, so the next call for the same ifindex reaches the same device,
 * also if another one has the ifindex by then. nk_sysnet_serial() finds it anew.
 *
 * Return: an fd; -ENODEV: there is no such device, or sysfs shows another netns; -ENOENT: the device has
 * no such file; or another negative errno
 */
int nk_sysnet_open(uint32_t ifindex, const char *path, int flags);

/* nk_sysnet_link() - read a symbolic link in that directory. Return: 0, or a negative errno as above */
int nk_sysnet_link(uint32_t ifindex, const char *path, char *ret, size_t size);

/* nk_sysnet_serial() - the inode number of the directory, found anew. Return: 0, or a negative errno as above */
int nk_sysnet_serial(uint32_t ifindex, uint64_t *ret);

/* nk_sysnet_find() - the device with that number in our own netns. Return: its ifindex; -ENODEV: there is
 * none; or another negative errno
 */
int64_t nk_sysnet_find(uint64_t serial);

/* nk_sysnet_name() - the present name. Return: 0, -ENODEV, or another negative errno */
int nk_sysnet_name(uint32_t ifindex, char ret[IFNAMSIZ]);

/* nk_sysnet_index() - the device that has the name or altname at present; 0: none */
uint32_t nk_sysnet_index(const char *name);

/* nk_sysnet_pci_of() - the last part of a path that is a PCI address; empty if there is none. No system
 * call.
 */
void nk_sysnet_pci_of(const char *path, char ret[IFNAMSIZ]);

/* nk_sysnet_pci() - the PCI address of a device on its bus, or of the PCI function that it is a part of (a
 * subfunction, virtio); empty if there is none
 */
void nk_sysnet_pci(const char *bus, const char *dev, char ret[IFNAMSIZ]);

#endif
