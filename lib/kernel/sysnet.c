// SPDX-License-Identifier: Apache-2.0
/* sysnet.c - a device's directory in sysfs */
#include "kernel/sysnet.h"

#include "base/cleanup.h"
#include "kernel/netns.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/sockios.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/banned.h"

#define CLASS_NET "/sys/class/net"
#define TRIES	  20 /* a rename between two system calls makes us repeat both */

int nk_sysnet_name(uint32_t ifindex, char ret[IFNAMSIZ])
{
	const int fd = nk_netns_own_socket();
	struct ifreq ifr = { .ifr_ifindex = (int)ifindex };

	if (fd < 0)
		return fd;
	if (ioctl(fd, SIOCGIFNAME, &ifr))
		return errno == ENXIO ? -ENODEV : -errno;
	memcpy(ret, ifr.ifr_name, IFNAMSIZ);
	return 0;
}

uint32_t nk_sysnet_index(const char *name)
{
	const int fd = nk_netns_own_socket();
	struct ifreq ifr = { 0 };

	snprintf(ifr.ifr_name, sizeof(ifr.ifr_name), "%s", name);
	return fd < 0 || ioctl(fd, SIOCGIFINDEX, &ifr) ? 0 : (uint32_t)ifr.ifr_ifindex;
}

/* read_index() - @dir: directory of the device. Return: 0 or a negative errno */
static int read_index(int dir, uint32_t *ret)
{
	int fd cleanup_close = openat(dir, "ifindex", O_RDONLY | O_CLOEXEC);
	char text[16] = "";

	if (fd < 0 || read(fd, text, sizeof(text) - 1) < 0)
		return -errno;
	*ret = (uint32_t)strtoul(text, NULL, 10);
	return 0;
}

/* open_dir() - Return: an fd; -ESTALE: another device has the name by now; or another negative errno */
static int open_dir(const char *name, uint32_t ifindex)
{
	char path[sizeof(CLASS_NET) + IFNAMSIZ];
	int fd cleanup_close = -1;
	uint32_t found = 0;
	int rc;

	snprintf(path, sizeof(path), CLASS_NET "/%.15s", name);
	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	rc = fd < 0 ? -errno : read_index(fd, &found);
	if (rc)
		return rc == -ENOENT ? -ESTALE : rc;
	return found == ifindex ? nk_steal_fd(&fd) : -ESTALE;
}

static int find_device(uint32_t ifindex)
{
	char name[IFNAMSIZ];
	int rc, tries;

	for (tries = 0; tries < TRIES; tries++) {
		rc = nk_sysnet_name(ifindex, name);
		rc = rc ? rc : open_dir(name, ifindex);
		if (rc != -ESTALE)
			return rc;
	}
	return -ENODEV;
}

/* The directory that was found last. It stays with its device, so it need not be found again. */
static struct {
	uint32_t ifindex; /* 0: none */
	int fd;
} last;

/* find_again() - Return: the fd of last, or a negative errno */
static int find_again(uint32_t ifindex)
{
	const int fd = find_device(ifindex);

	if (last.ifindex)
		close(last.fd);
	last.ifindex = fd < 0 ? 0 : ifindex;
	last.fd = fd;
	return fd;
}

static int open_below(int dir, const char *path, int flags)
{
	const int fd = openat(dir, path, flags | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

int nk_sysnet_open(uint32_t ifindex, const char *path, int flags)
{
	int dir, rc;

	if (path && last.ifindex == ifindex) {
		rc = open_below(last.fd, path, flags);
		if (rc >= 0)
			return rc; /* a removed device has no file there */
	}
	dir = find_again(ifindex);
	return dir < 0 ? dir : open_below(dir, path ? path : ".", flags);
}

int nk_sysnet_link(uint32_t ifindex, const char *path, char *ret, size_t size)
{
	int fd cleanup_close = nk_sysnet_open(ifindex, path, O_PATH | O_NOFOLLOW);
	ssize_t n = fd < 0 ? fd : readlinkat(fd, "", ret, size - 1);

	if (n < 0)
		return fd < 0 ? fd : -errno;
	ret[n] = '\0';
	return 0;
}

static int read_serial(int dir, uint64_t *ret)
{
	struct stat st;

	if (fstat(dir, &st))
		return -errno;
	*ret = st.st_ino;
	return 0;
}

int nk_sysnet_serial(uint32_t ifindex, uint64_t *ret)
{
	const int dir = find_again(ifindex);

	return dir < 0 ? dir : read_serial(dir, ret);
}

/* find_serial() - Return: an ifindex; -ENODEV; -ESTALE: a device was renamed or removed meanwhile; or another
 * negative errno
 */
static int64_t find_serial(uint64_t serial)
{
	DIR *list cleanup_closedir = opendir(CLASS_NET);
	const struct dirent *entry;
	uint32_t ifindex = 0;
	uint64_t found = 0;
	int absent = -ENODEV;

	if (!list)
		return -errno;
	for (errno = 0; (entry = readdir(list)); errno = 0) {
		int dir cleanup_close =
			openat(dirfd(list), entry->d_name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

		int rc = dir < 0 ? -errno : read_serial(dir, &found);

		if (!rc && found == serial)
			rc = read_index(dir, &ifindex);
		if (rc == -ENOENT)
			absent = -ESTALE;
		else if (rc && rc != -ENOTDIR) /* bonding_masters is a file */
			return rc;
		if (!rc && found == serial)
			return ifindex;
	}
	return errno ? -errno : absent;
}

int64_t nk_sysnet_find(uint64_t serial)
{
	int64_t rc = -ESTALE;
	int tries;

	for (tries = 0; tries < TRIES && rc == -ESTALE; tries++)
		rc = find_serial(serial);
	return rc;
}

/* is_pci() - is it a PCI address, such as "0000:03:00.0"? */
static bool is_pci(const char *part, size_t size)
{
	static const char form[] = "xxxx:xx:xx.x";
	size_t i;

	if (size != sizeof(form) - 1)
		return false;
	for (i = 0; i < size; i++)
		if (form[i] == 'x' ? !isxdigit((unsigned char)part[i]) : part[i] != form[i])
			return false;
	return true;
}

void nk_sysnet_pci_of(const char *path, char ret[IFNAMSIZ])
{
	size_t size;

	*ret = '\0';
	for (; *path; path += size + (path[size] == '/')) {
		size = strcspn(path, "/");
		if (is_pci(path, size))
			snprintf(ret, IFNAMSIZ, "%.*s", (int)size, path);
	}
}

void nk_sysnet_pci(const char *bus, const char *dev, char ret[IFNAMSIZ])
{
	char path[128], target[512];
	ssize_t n;

	*ret = '\0';
	if (strchr(bus, '/') || strchr(dev, '/'))
		return;
	snprintf(path, sizeof(path), "/sys/bus/%.15s/devices/%.63s", bus, dev);
	n = readlink(path, target, sizeof(target) - 1);
	if (n <= 0)
		return;
	target[n] = '\0';
	nk_sysnet_pci_of(target, ret);
}
