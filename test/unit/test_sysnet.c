// SPDX-License-Identifier: Apache-2.0
/* test_sysnet.c - devices by ifindex: what a path of sysfs says, and the loopback device as it is */
#include "kernel/sysnet.h"

#include "unit.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#define NONE INT32_MAX

Test(sysnet, pci_address_is_the_last_of_the_path)
{
	static const struct {
		const char *path, *pci;
	} paths[] = {
		{ "../../../devices/pci0000:00/0000:00:02.0/0000:03:00.1", "0000:03:00.1" },
		{ "../../../devices/pci0000:00/0000:00:02.0/0000:03:00.0/mlx5_core.sf.4",
		  "0000:03:00.0" },
		{ "../../../devices/pci0000:00/0000:00:03.0/virtio0", "0000:00:03.0" },
		{ "../../devices/platform/labnic.0", "" },
		{ "0000:03:00", "" },
		{ "0000:03:00.0x/g000:03:00.0", "" },
		{ "/", "" },
		{ "", "" },
	};
	char pci[IFNAMSIZ];
	size_t i;

	for (i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		nk_sysnet_pci_of(paths[i].path, pci);
		cr_expect_str_eq(pci, paths[i].pci, "%s: %s", paths[i].path, pci);
	}
}

Test(sysnet, what_is_no_device_of_a_bus_has_no_pci_address)
{
	char pci[IFNAMSIZ] = "x";

	nk_sysnet_pci("pci", "../../x", pci);
	cr_expect_str_empty(pci);
	nk_sysnet_pci("nk-none", "none", pci);
	cr_expect_str_empty(pci);
}

Test(sysnet, loopback_is_found_by_index_and_by_number)
{
	int fd = nk_sysnet_open(1, "mtu", O_RDONLY);
	char name[IFNAMSIZ];
	uint64_t serial;

	cr_expect_geq(fd, 0);
	close(fd);
	cr_expect_eq(nk_sysnet_name(1, name), 0);
	cr_expect_str_eq(name, "lo");
	cr_expect_eq(nk_sysnet_serial(1, &serial), 0);
	cr_expect_eq(nk_sysnet_find(serial), 1);
}

Test(sysnet, missing_device_is_not_a_missing_file)
{
	char name[IFNAMSIZ];
	uint64_t serial;

	cr_expect_eq(nk_sysnet_open(1, "nk-none", O_RDONLY), -ENOENT);
	cr_expect_eq(nk_sysnet_open(NONE, "mtu", O_RDONLY), -ENODEV);
	cr_expect_eq(nk_sysnet_serial(NONE, &serial), -ENODEV);
	cr_expect_eq(nk_sysnet_name(NONE, name), -ENODEV);
	cr_expect_eq(nk_sysnet_find(UINT64_MAX), -ENODEV);
}
