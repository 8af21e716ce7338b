/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sysnet.h - a device's directory in sysfs, found by ifindex and not by name
 *
 * The directory stays the device's when that is renamed, or moved to another netns: what is opened
 * below its fd (openat()) cannot be another device's. Its inode number is the kernel's number for the
 * device: kept by both, and given to no other one in this boot.
 */
#ifndef NK_SYSNET_H
#define NK_SYSNET_H

#include <net/if.h>
#include <stdint.h>

/**
 * nk_sysnet_open() - open the directory of a device of the netns we are in
 * @path: below it, or NULL for the directory itself; opened for reading
 *
 * Return: an fd; -ENODEV where there is no such device, or sysfs shows another netns; or another
 * negative errno, -ENOENT where the device has no such file
 */
int nk_sysnet_open(uint32_t ifindex, const char *path, int flags);

/* nk_sysnet_serial() - the device's number. Return: 0, or a negative errno as above */
int nk_sysnet_serial(uint32_t ifindex, uint64_t *ret);

/* nk_sysnet_find() - the device of that number in the netns we are in. Return: its ifindex; -ENODEV where
 * there is none; or another negative errno
 */
int64_t nk_sysnet_find(uint64_t serial);

/* nk_sysnet_name() - as it is called at this moment. Return: 0, -ENODEV, or another negative errno */
int nk_sysnet_name(uint32_t ifindex, char ret[IFNAMSIZ]);

/* nk_sysnet_index() - of the device that has the name, or altname, at this moment; 0: none */
uint32_t nk_sysnet_index(const char *name);

/* nk_sysnet_pci_of() - the PCI function that a path of sysfs is of, or below: its last such part; empty
 * where it has none. No system call.
 */
void nk_sysnet_pci_of(const char *path, char ret[IFNAMSIZ]);

/* nk_sysnet_pci() - of a device on its bus, which may be a part of a PCI function: a subfunction, virtio.
 * Empty where there is none.
 */
void nk_sysnet_pci(const char *bus, const char *dev, char ret[IFNAMSIZ]);

#endif
