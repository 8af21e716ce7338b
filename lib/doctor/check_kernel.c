// SPDX-License-Identifier: Apache-2.0
/* check_kernel.c - the kernel of the node, its file systems, and the limits that containers inherit */
#include "doctor/checks.h"

#include "base/cleanup.h"
#include "base/error.h"
#include "bpffs/nicdir.h"
#include "doctor/doctor.h"
#include "doctor/process.h"
#include "ip/sysctl.h"
#include "kernel/netdev.h"
#include "kernel/netkit.h"
#include "run/sidecar.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/utsname.h>

#include "base/banned.h"

/* What is written below /run for one attachment needs less than a tenth of these. */
#define RUN_BYTES_MIN  (1ULL << 20)
#define RUN_INODES_MIN 256

static void check_kernel(struct nk_doctor *doctor)
{
	struct nk_error err = { 0 };
	struct utsname name;
	int rc = nk_netkit_probe_single(&doctor->host, &err);

	if (!rc)
		rc = nk_netdev_probe_lease(&doctor->host, &err);
	if (rc)
		nk_doctor_error(doctor, NK_FINDING_FAIL, NULL, &err);
	else
		nk_doctor_ok(doctor, NULL, "Linux %s has netkit singles and leases of queues",
			     uname(&name) ? "" : name.release);
}

static void check_bpffs(struct nk_doctor *doctor)
{
	struct nk_error err = { 0 };
	struct stat st = { 0 };

	if (nk_nicdir_check_usable(doctor->bpffs, &err))
		nk_doctor_error(doctor, NK_FINDING_FAIL, doctor->bpffs, &err);
	else if (!stat(doctor->bpffs, &st))
		nk_doctor_ok(
			doctor, doctor->bpffs,
			"mounted, of user %u, mode %04o; only root can change what nk-cni pins",
			st.st_uid, st.st_mode & 07777);
}

static void check_unprivileged(struct nk_doctor *doctor)
{
	char value[NK_SYSCTL_SIZE];
	struct nk_error err = { 0 };
	int rc = nk_sysctl_read(-1, "kernel/unprivileged_bpf_disabled", value, &err);

	if (!rc && *value == '0') {
		nk_error_set(&err, NK_CODE_KERNEL, EPERM, "every user may load BPF programs",
			     "kernel.unprivileged_bpf_disabled is 0");
		nk_error_remedy(
			&err,
			"sysctl -w kernel.unprivileged_bpf_disabled=2, and the same in "
			"/etc/sysctl.d; the map of a Pod needs no more than write permission");
	}
	if (rc || err.code != NK_CODE_NONE)
		nk_doctor_error(doctor, rc ? NK_FINDING_UNKNOWN : NK_FINDING_WARN, NULL, &err);
	else
		nk_doctor_ok(doctor, NULL, "kernel.unprivileged_bpf_disabled is %s", value);
}

/* --- limits ----------------------------------------------------------------------------------- */

static void judge_memlock(struct nk_doctor *doctor, const struct nk_process *process)
{
	struct nk_error err = { 0 };
	uint64_t limit;
	int rc = nk_process_memlock(process->pid, &limit, &err);

	if (rc) {
		nk_doctor_error(doctor, NK_FINDING_UNKNOWN, process->name, &err);
		return;
	}
	if (limit >= NK_SIDECAR_QEMU_MEMLOCK) {
		nk_doctor_ok(doctor, process->name, "process %d may lock enough memory for AF_XDP",
			     process->pid);
		return;
	}
	nk_error_set(&err, NK_CODE_KERNEL, ENOBUFS, "containers can lock too little memory",
		     "process %d of %s may lock %" PRIu64
		     " bytes, which its containers inherit; QEMU needs %llu for each queue",
		     process->pid, process->name, limit, NK_SIDECAR_QEMU_MEMLOCK);
	nk_error_remedy(&err,
			"systemctl edit %s, add \"[Service]\" and \"LimitMEMLOCK=infinity\", then "
			"systemctl restart %s; containers that run keep their limit",
			process->name, process->name);
	nk_doctor_error(doctor, NK_FINDING_WARN, process->name, &err);
}

static void check_memlock(struct nk_doctor *doctor)
{
	struct nk_process_list runtimes cleanup_list = { 0 };
	struct nk_error err = { 0 };
	uint32_t i;
	int rc = nk_process_read("containerd", &runtimes, &err);

	if (!rc)
		rc = nk_process_read("crio", &runtimes, &err);
	if (rc)
		nk_doctor_error(doctor, NK_FINDING_UNKNOWN, NULL, &err);
	else if (!runtimes.count)
		nk_doctor_ok(doctor, NULL, "neither containerd nor CRI-O runs");
	for (i = 0; i < runtimes.count && !rc; i++)
		judge_memlock(doctor, &runtimes.at[i]);
}

/* --- security modules and /run ---------------------------------------------------------------- */

/* begins() - does the file begin with this byte? One that cannot be read does not. */
static bool begins(const char *path, char with)
{
	int fd cleanup_close = open(path, O_RDONLY | O_CLOEXEC);
	char first;

	return fd >= 0 && read(fd, &first, 1) == 1 && first == with;
}

/* They do not hinder nk-cni. What they hinder in a Pod shows only there. */
static void check_modules(struct nk_doctor *doctor)
{
	const bool selinux = begins("/sys/fs/selinux/enforce", '1');
	const bool apparmor = begins("/sys/module/apparmor/parameters/enabled", 'Y');

	if (selinux)
		nk_doctor_ok(
			doctor, NULL,
			"SELinux is enforcing: if a Pod cannot use its map, \"ausearch -m avc\" "
			"shows whether it is the reason");
	if (apparmor)
		nk_doctor_ok(
			doctor, NULL,
			"AppArmor is on: if a Pod cannot use its map, dmesg shows whether it is "
			"the reason (apparmor=\"DENIED\")");
	if (!selinux && !apparmor)
		nk_doctor_ok(doctor, NULL, "neither SELinux nor AppArmor restricts Pods");
}

static void check_run(struct nk_doctor *doctor)
{
	struct nk_error err = { 0 };
	unsigned long long bytes;
	struct statvfs fs;

	if (statvfs("/run", &fs)) {
		nk_error_sys(&err, NK_CODE_IO, "cannot read the free space", "statvfs /run");
		nk_doctor_error(doctor, NK_FINDING_UNKNOWN, "/run", &err);
		return;
	}
	bytes = (unsigned long long)fs.f_bavail * fs.f_frsize;
	if (fs.f_flag & ST_RDONLY) {
		nk_error_set(&err, NK_CODE_IO, EROFS, "/run is read-only",
			     "journal and sidecar files cannot be written");
		nk_error_remedy(&err, "findmnt /run shows how it is mounted; dmesg may say why");
	} else if (bytes < RUN_BYTES_MIN || (fs.f_files && fs.f_favail < RUN_INODES_MIN)) {
		nk_error_set(&err, NK_CODE_IO, ENOSPC, "/run is full",
			     "%llu bytes and %llu inodes are free", bytes,
			     (unsigned long long)fs.f_favail);
		nk_error_remedy(&err, "du -xa /run | sort -n | tail shows what fills it; mount -o "
				      "remount,size=N /run makes it larger");
	}
	if (err.code == NK_CODE_NONE)
		nk_doctor_ok(doctor, "/run", "%llu KiB are free", bytes >> 10);
	else
		nk_doctor_error(doctor, NK_FINDING_FAIL, "/run", &err);
}

const struct nk_check nk_checks_kernel[] = {
	{ "kernel", check_kernel },
	{ "bpffs", check_bpffs },
	{ "bpf", check_unprivileged },
	{ "memlock", check_memlock },
	{ "modules", check_modules },
	{ "run", check_run },
	{ NULL, NULL },
};
