// SPDX-License-Identifier: Apache-2.0
/*
 * test_nicdir.c - paths of the NIC's directory, and its lock
 *
 * On an ordinary directory: paths and flock are the same there. That bpffs takes the names is the
 * lab's to show.
 */
#include "bpffs/nicdir.h"

#include "base/cleanup.h"
#include "base/lock.h"
#include "unit.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <limits.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static char bpffs[PATH_MAX];

static void make_bpffs(void)
{
	unit_temp_dir(bpffs);
}

static void remove_bpffs(void)
{
	unit_temp_dir_end(bpffs);
}

TestSuite(nicdir, .init = make_bpffs, .fini = remove_bpffs, .timeout = 15);

/* make_and_open() - as a lender does, also where its last user removes it in between */
static int make_and_open(const char *nic, struct nk_nicdir *ret, struct nk_error *err)
{
	int all, rc;

	do {
		nk_error_reset(err);
		all = nk_nicdir_lock_all(bpffs, err);
		rc = all < 0 ? all : nk_nicdir_make(all, bpffs, nic, err);
		if (all >= 0)
			close(all);
		if (!rc)
			rc = nk_nicdir_open(bpffs, nic, ret, err);
	} while (rc == -ENOENT);
	return rc;
}

static void open_dir(const char *nic, struct nk_nicdir *ret)
{
	struct nk_error err = { 0 };

	unit_expect_ok(nic, make_and_open(nic, ret, &err), &err);
	cr_assert_geq(ret->fd, 0, "NIC %s", nic);
}

/* but not over the files of a directory in use */
Test(nicdir, ordinary_file_system_is_no_bpffs_and_the_remedy_mounts_one)
{
	struct nk_error err = { 0 };

	unit_expect_error("/tmp", nk_nicdir_check_bpffs("/tmp", &err), &err, NK_CODE_BPF,
			  "bpffs is not mounted|/tmp is not a bpf file system|"
			  "name the mount point of a bpffs, such as /sys/fs/bpf|\"bpffs\"");
	cr_expect_null(strstr(err.remedy, "mount -t"), "%s", err.remedy);
	nk_error_reset(&err);
	unit_expect_error("/no-such", nk_nicdir_check_bpffs("/no-such", &err), &err, NK_CODE_BPF,
			  "bpffs is not mounted|/no-such|mount -t bpf -o mode=0700 bpf /no-such");
}

Test(nicdir, paths_are_below_the_nics_directory)
{
	char path[NK_PATH_SIZE], wanted[NK_PATH_SIZE];
	struct nk_nicdir dir;
	struct stat st;

	open_dir("eth0", &dir);
	snprintf(wanted, sizeof(wanted), "%.200s/nk-cni/eth0", bpffs);
	cr_expect_str_eq(dir.path, wanted);
	cr_expect(!stat(dir.path, &st) && (st.st_mode & 07777) == 0700, "%s is root's alone",
		  dir.path);
	nk_nicdir_pin(&dir, "claims", path);
	snprintf(wanted, sizeof(wanted), "%.200s/nk-cni/eth0/claims", bpffs);
	cr_expect_str_eq(path, wanted);
	nk_nicdir_xsks_map(&dir, 14, path);
	snprintf(wanted, sizeof(wanted), "%.200s/nk-cni/eth0/q14/xsks_map", bpffs);
	cr_expect_str_eq(path, wanted);
	nk_nicdir_close(&dir);
	cr_expect_eq(dir.fd, -1);
	nk_nicdir_close(&dir); /* a second time is nothing */
}

Test(nicdir, queues_with_a_map_are_those_whose_directory_has_it)
{
	/* q9 is a file; the others but q14 and q4095 have no map, or are no queue's directory */
	static const char *const dirs[] = { "q14", "q15", "q4095", "q4096", "qx", "q 3", "14" };
	struct nk_queue_set maps = { 0 };
	char path[NK_PATH_SIZE + 32];
	struct nk_error err = { 0 };
	struct nk_nicdir dir;
	uint32_t queue;
	size_t i;

	open_dir("eth0", &dir);
	for (i = 0; i < sizeof(dirs) / sizeof(dirs[0]); i++) {
		snprintf(path, sizeof(path), "%s/%s", dir.path, dirs[i]);
		cr_assert_eq(mkdir(path, 0700), 0, "%s", path);
		snprintf(path, sizeof(path), "%s/%s/xsks_map", dir.path, dirs[i]);
		if (strcmp(dirs[i], "q15") != 0)
			cr_assert_eq(mkdir(path, 0700), 0, "%s", path);
	}
	snprintf(path, sizeof(path), "%s/q9", dir.path);
	cr_assert_eq(symlink("/dev/null", path), 0);
	unit_expect_ok("maps", nk_nicdir_read_maps(&dir, &maps, &err), &err);
	for (queue = 0; queue < NK_QUEUE_IDS; queue++)
		cr_expect_eq(nk_queue_set_has(&maps, queue), queue == 14 || queue == 4095,
			     "queue %u", queue);
	cr_assert_eq(unlink(path), 0);
	for (i = 0; i < sizeof(dirs) / sizeof(dirs[0]); i++) {
		snprintf(path, sizeof(path), "%s/%s/xsks_map", dir.path, dirs[i]);
		(void)rmdir(path);
		snprintf(path, sizeof(path), "%s/%s", dir.path, dirs[i]);
		cr_assert_eq(rmdir(path), 0, "%s", path);
	}
	nk_nicdir_close(&dir);
}

/* A directory that cannot be read has nothing that would be known. */
Test(nicdir, unread_maps_are_an_error)
{
	struct nk_queue_set maps = { 0 };
	struct nk_error err = { 0 };
	struct nk_nicdir dir;

	open_dir("eth0", &dir);
	cr_assert_eq(rmdir(dir.path), 0);
	unit_expect_error("removed", nk_nicdir_read_maps(&dir, &maps, &err), &err, NK_CODE_BPF,
			  "cannot read the NIC's directory|ENOENT");
	nk_nicdir_close(&dir);
	*strrchr(dir.path, '/') = '\0';
	cr_assert_eq(rmdir(dir.path), 0);
}

Test(nicdir, longest_paths_are_not_cut)
{
	char parent[NK_BPFFS_SIZE], path[NK_PATH_SIZE];
	struct nk_error err = { 0 };
	struct nk_nicdir dir;

	memset(parent, 'b', sizeof(parent) - 1);
	memcpy(parent, "/no-such/", 9);
	parent[255] = '\0';
	unit_expect_error("255 bytes", nk_nicdir_open(parent, "..............a", &dir, &err), &err,
			  NK_CODE_BPF, "cannot use a directory|ENOENT");
	cr_expect_eq(strlen(dir.path), 255 + strlen("/nk-cni/") + strlen("%2e") * 14 + 1);
	nk_nicdir_xsks_map(&dir, 4095, path);
	cr_expect_str_eq(path + strlen(dir.path), "/q4095/xsks_map");
}

/* --- names ----------------------------------------------------------------------------------- */

Test(nicdir, names_are_escaped_and_come_back)
{
	static const struct {
		const char *nic, *dir;
	} rows[] = {
		{ "eth0", "eth0" },
		{ "eth0.5", "eth0%2e5" },
		{ "a%b", "a%25b" },
		{ "%2e", "%252e" },
		{ ".", "%2e" },
		{ "..", "%2e%2e" },
		{ "%25%", "%2525%25" },
		{ "...............", "%2e%2e%2e%2e%2e%2e%2e%2e%2e%2e%2e%2e%2e%2e%2e" },
		{ "%%%%%%%%%%%%%%%", "%25%25%25%25%25%25%25%25%25%25%25%25%25%25%25" },
		{ "0123456789abcde", "0123456789abcde" },
	};
	struct nk_error err = { 0 };
	struct nk_nicdir dir;
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct nk_nicdir_list nics cleanup_list = { 0 };

		open_dir(rows[i].nic, &dir);
		cr_expect_str_eq(strrchr(dir.path, '/') + 1, rows[i].dir, "NIC %s has %s",
				 rows[i].nic, dir.path);
		unit_expect_ok(rows[i].nic, nk_nicdir_read(bpffs, &nics, &err), &err);
		cr_expect(nics.count == 1 && !strcmp(nics.at[0], rows[i].nic),
			  "NIC %s came back as %s", rows[i].nic, nics.count ? nics.at[0] : "none");
		nk_nicdir_close(&dir);
	}
}

Test(nicdir, list_holds_the_others_of_one_that_cannot_be_trusted)
{
	struct nk_nicdir_list nics cleanup_list = { 0 };
	struct nk_error err = { 0 };
	struct nk_nicdir a, b, c;

	open_dir("a", &a);
	open_dir("b", &b);
	open_dir("c", &c);
	cr_assert(!chmod(b.path, 0777));
	unit_expect_error("read", nk_nicdir_read(bpffs, &nics, &err), &err, NK_CODE_BPF, b.path);
	cr_expect_eq(nics.count, 2);
	nk_nicdir_close(&a);
	nk_nicdir_close(&b);
	nk_nicdir_close(&c);
}

Test(nicdir, where_nothing_is_there_are_no_nics)
{
	struct nk_nicdir_list nics cleanup_list = { 0 };
	struct nk_error err = { 0 };

	unit_expect_ok("empty", nk_nicdir_read(bpffs, &nics, &err), &err);
	unit_expect_ok("missing", nk_nicdir_read("/no-such", &nics, &err), &err);
	cr_expect_eq(nics.count, 0);
}

Test(nicdir, names_that_are_none_of_ours_are_passed_over)
{
	char top[PATH_MAX + 16], odd[PATH_MAX + 64];
	struct nk_nicdir_list nics cleanup_list = { 0 };
	struct nk_error err = { 0 };

	snprintf(top, sizeof(top), "%s/nk-cni", bpffs);
	snprintf(odd, sizeof(odd), "%s/nk-cni/longer-than-the-name-of-any-directory", bpffs);
	cr_assert(!mkdir(top, 0700) && !mkdir(odd, 0700));
	unit_expect_ok("odd", nk_nicdir_read(bpffs, &nics, &err), &err);
	cr_expect_eq(nics.count, 0, "%s came out", nics.count ? nics.at[0] : "");
	cr_expect(!rmdir(odd) && !rmdir(top));
}

/* What an ADD leaves that was killed between the two directories. */
Test(nicdir, empty_top_directory_goes_with_a_walk)
{
	struct nk_nicdir_list nics cleanup_list = { 0 };
	struct nk_error err = { 0 };
	char top[PATH_MAX + 16];

	snprintf(top, sizeof(top), "%s/nk-cni", bpffs);
	cr_assert(!mkdir(top, 0700));
	unit_expect_ok("empty top", nk_nicdir_read(bpffs, &nics, &err), &err);
	cr_expect(access(top, F_OK) && errno == ENOENT, "%s is still there", top);
}

/* --- the lock -------------------------------------------------------------------------------- */

Test(nicdir, missing_directory_is_enoent_until_it_is_made)
{
	struct nk_error err = { 0 };
	struct nk_nicdir dir;
	int rc = nk_nicdir_open(bpffs, "eth0", &dir, &err);

	unit_expect_error("eth0", rc, &err, NK_CODE_BPF, "open|/nk-cni|ENOENT");
	cr_expect_eq(rc, -ENOENT);
	cr_expect_eq(dir.fd, -1);
	open_dir("eth0", &dir);
	nk_nicdir_close(&dir);
}

/* as by a mount over the bpffs; and its new mode is seen */
Test(nicdir, another_bpffs_at_the_path_is_the_one_that_counts)
{
	char old[PATH_MAX + 8], hidden[PATH_MAX + 8], path[PATH_MAX + 32];
	struct nk_error err = { 0 };
	struct nk_nicdir dir;

	open_dir("eth0", &dir);
	close(dir.fd);
	snprintf(old, sizeof(old), "%s.old", bpffs);
	snprintf(hidden, sizeof(hidden), "%s/old", bpffs);
	cr_assert(!rename(bpffs, old) && !mkdir(bpffs, 0700) && !rename(old, hidden));
	cr_expect_eq(nk_nicdir_open(bpffs, "eth0", &dir, &err), -ENOENT);
	nk_error_reset(&err);
	open_dir("eth0", &dir);
	nk_nicdir_close(&dir);
	cr_assert_eq(chmod(bpffs, 0777), 0);
	unit_expect_error("others may write", nk_nicdir_check(bpffs, "eth0", &err), &err,
			  NK_CODE_BPF, "mode 0777|chmod go-w");
	snprintf(path, sizeof(path), "%s/nk-cni/eth0", hidden);
	for (; strlen(path) >= strlen(hidden); *strrchr(path, '/') = '\0')
		cr_assert_eq(rmdir(path), 0, "%s", path);
}

Test(nicdir, directory_stays_while_it_holds_something)
{
	struct nk_nicdir dir, other;
	char pin[NK_PATH_SIZE];

	open_dir("eth0", &dir);
	open_dir("eth1", &other); /* another NIC: no waiting for its lock */
	nk_nicdir_pin(&dir, "claims", pin);
	cr_assert(!mkdir(pin, 0700));
	nk_nicdir_close(&dir);
	nk_nicdir_close(&other);
	open_dir("eth0", &dir);
	cr_expect(!rmdir(pin), "%s has gone", pin);
	nk_nicdir_close(&dir);
}

/* A second open() of a process has a lock of its own, so that this needs no second process. */
Test(nicdir, lock_that_is_not_to_be_had_in_time_is_try_again)
{
	struct nk_error err = { 0 };
	struct nk_nicdir held, wanted;
	char holder[32];
	int rc;

	open_dir("eth0", &held);
	nk_lock_set_limit(100);
	rc = nk_nicdir_open(bpffs, "eth0", &wanted, &err);
	nk_lock_set_limit(15000);
	unit_expect_error("second open", rc, &err, NK_CODE_RETRY,
			  "busy|try again later|/nk-cni/eth0|within 0.1 s|held by");
	snprintf(holder, sizeof(holder), "pid %d (", (int)getpid());
	cr_expect(strstr(err.details, holder), "no %s in: %s", holder, err.details);
	cr_expect_eq(rc, -EAGAIN);
	cr_expect_eq(wanted.fd, -1);
	nk_nicdir_close(&held);
	open_dir("eth0", &wanted);
	nk_nicdir_close(&wanted);
}

/* has_open() - does another process have the directory open? It waits for its lock then. */
static bool has_open(pid_t pid, const char *path)
{
	char name[64], target[PATH_MAX];
	ssize_t len;
	int fd;

	for (fd = 0; fd < 64; fd++) {
		snprintf(name, sizeof(name), "/proc/%d/fd/%d", (int)pid, fd);
		len = readlink(name, target, sizeof(target) - 1);
		if (len < 0)
			continue;
		target[len] = '\0';
		if (!strcmp(target, path))
			return true;
	}
	return false;
}

/* start_waiting() - a child that asks for the lock that we hold; exits with 0 if what it got in the
 * end is the lock of the directory that is there then
 */
static pid_t start_waiting(const struct nk_nicdir *held, bool create)
{
	struct nk_error err = { 0 };
	struct nk_nicdir dir;
	struct stat mine, present;
	pid_t pid = fork();
	bool good;
	int rc;

	cr_assert_geq(pid, 0, "fork: %s", nk_errno_name(errno));
	if (!pid) {
		close(held->fd); /* the lock is the parent's alone */
		rc = create ? make_and_open("eth0", &dir, &err) :
			      nk_nicdir_open(bpffs, "eth0", &dir, &err);
		if (rc)
			_exit(create || rc != -ENOENT || err.code != NK_CODE_BPF);
		good = create && !fstat(dir.fd, &mine) && !stat(dir.path, &present) &&
		       mine.st_ino == present.st_ino;
		nk_nicdir_close(&dir);
		_exit(good ? 0 : 1);
	}
	while (!has_open(pid, held->path))
		sched_yield();
	return pid;
}

static void expect_exit_0(pid_t pid, const char *what)
{
	int status = -1;

	cr_assert_eq(waitpid(pid, &status, 0), pid);
	cr_expect(WIFEXITED(status) && !WEXITSTATUS(status), "%s: wait status 0x%x", what, status);
}

Test(nicdir, who_waits_while_the_directory_is_removed_locks_the_new_one)
{
	struct nk_nicdir dir;
	pid_t pid;

	open_dir("eth0", &dir);
	pid = start_waiting(&dir, true);
	cr_expect_eq(waitpid(pid, NULL, WNOHANG), 0, "the child did not wait");
	nk_nicdir_close(&dir); /* it is empty, and goes */
	expect_exit_0(pid, "the child that makes it anew");
}

Test(nicdir, who_waits_while_the_directory_is_removed_for_good_finds_none)
{
	struct nk_nicdir dir;
	pid_t pid;

	open_dir("eth0", &dir);
	pid = start_waiting(&dir, false);
	nk_nicdir_close(&dir);
	expect_exit_0(pid, "the child that does not make it");
}

/* hammer() - @rounds times in and out; @inside is 0 whenever the lock was given to us. */
static int hammer(atomic_int *inside, int rounds)
{
	int i, bad = 0;

	for (i = 0; i < rounds; i++) {
		struct nk_error err = { 0 };
		struct nk_nicdir dir;

		if (make_and_open("eth0", &dir, &err))
			return 1;
		bad += atomic_fetch_add(inside, 1) != 0;
		sched_yield();
		atomic_fetch_sub(inside, 1);
		nk_nicdir_close(&dir);
	}
	return bad != 0;
}

/* Every close removes the directory, so that most rounds meet one that has just gone. */
Test(nicdir, two_processes_are_never_inside_at_once)
{
	atomic_int *inside = mmap(NULL, sizeof(*inside), PROT_READ | PROT_WRITE,
				  MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	pid_t pid;
	int rc;

	cr_assert(inside != MAP_FAILED);
	atomic_init(inside, 0);
	pid = fork();
	cr_assert_geq(pid, 0);
	if (!pid)
		_exit(hammer(inside, 300));
	rc = hammer(inside, 300);
	cr_expect_eq(rc, 0, "somebody else was inside, or the lock was refused");
	expect_exit_0(pid, "the other process");
	munmap(inside, sizeof(*inside));
}
