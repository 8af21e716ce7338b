// SPDX-License-Identifier: Apache-2.0
/* test_install.c - files that are installed in a directory of the node, and removed from it */
#include "node/install.h"

#include "unit.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/banned.h"

static char dir[PATH_MAX];

static const char *at(const char *name)
{
	static char path[2 * PATH_MAX];

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	return path;
}

static char *read_file(const char *name)
{
	size_t size;

	return unit_read_text(at(name), &size);
}

static void write_file(const char *name, const char *text, mode_t mode)
{
	FILE *file = fopen(at(name), "we");

	cr_assert(file && fputs(text, file) >= 0 && !fclose(file) && !chmod(at(name), mode), "%s",
		  name);
}

/* expect_file() - @text: NULL: nothing has this name */
static void expect_file(const char *name, const char *text)
{
	char *found;

	if (!text) {
		cr_expect(access(at(name), F_OK), "%s is there", name);
		return;
	}
	found = read_file(name);
	cr_expect_str_eq(found, text, "%s", name);
	free(found);
}

/* add() - to an installation: a file of that text; its source is gone again */
static void add(struct nk_install *install, const char *name, const char *text, mode_t mode)
{
	struct nk_error err = { 0 };
	int rc;

	write_file("source", text, 0600);
	rc = nk_install_add(install, at("source"), dir, name, mode, &err);
	unit_expect_ok(name, rc, &err);
	cr_assert(!unlink(at("source")));
}

/* run() - put or remove. @said: its lines, with "DIR/" for the directory. Return: of the call */
static int run(int (*work)(const struct nk_install *install, FILE *out, struct nk_error *err),
	       const struct nk_install *install, const char *said, struct nk_error *err)
{
	char text[4 * PATH_MAX] = "", want[4 * PATH_MAX], *end = want;
	FILE *out = fmemopen(text, sizeof(text), "w");
	int rc = work(install, out, err);

	cr_assert(!fclose(out));
	for (; *said; said++)
		end += *said == '@' ? snprintf(end, PATH_MAX + 1, "%s", dir) :
				      snprintf(end, 2, "%c", *said);
	*end = '\0';
	cr_expect_str_eq(text, want);
	return rc;
}

static void done(int (*work)(const struct nk_install *install, FILE *out, struct nk_error *err),
		 const struct nk_install *install, const char *said)
{
	struct nk_error err = { 0 };

	unit_expect_ok(said, run(work, install, said, &err), &err);
}

Test(install, a_file_is_put_once_and_taken_away_again)
{
	struct nk_install install = { 0 };
	struct stat first, second;

	unit_temp_dir(dir);
	umask(0077);
	add(&install, "nk-cni", "new", 0755);
	done(nk_install_put, &install, "installed @/nk-cni\n");
	expect_file("nk-cni", "new");
	cr_assert(!stat(at("nk-cni"), &first));
	cr_expect_eq(first.st_mode & 07777, 0755);
	done(nk_install_put, &install, "unchanged @/nk-cni\n");
	cr_assert(!stat(at("nk-cni"), &second));
	cr_expect_eq(second.st_ino, first.st_ino);
	cr_expect_eq(second.st_mtim.tv_nsec, first.st_mtim.tv_nsec);
	done(nk_install_remove, &install, "removed @/nk-cni\n");
	done(nk_install_remove, &install, "absent @/nk-cni\n");
	nk_install_fini(&install);
	unit_temp_dir_end(dir);
}

Test(install, another_file_is_replaced_by_an_installation_and_kept_by_a_removal)
{
	static const struct {
		const char *text;
		mode_t mode;
	} others[] = { { "ne", 0755 }, { "neW", 0755 }, { "new ", 0755 }, { "new", 0644 } };
	struct nk_install install = { 0 };
	unsigned int i;

	unit_temp_dir(dir);
	add(&install, "nk-cni", "new", 0755);
	for (i = 0; i < sizeof(others) / sizeof(*others); i++) {
		write_file("nk-cni", others[i].text, others[i].mode);
		done(nk_install_remove, &install, "kept @/nk-cni: it is another one\n");
		expect_file("nk-cni", others[i].text);
		done(nk_install_put, &install, "installed @/nk-cni\n");
		expect_file("nk-cni", "new");
	}
	done(nk_install_remove, &install, "removed @/nk-cni\n");
	nk_install_fini(&install);
	unit_temp_dir_end(dir);
}

static bool runs(pid_t pid)
{
	char path[64], found[PATH_MAX] = "";

	snprintf(path, sizeof(path), "/proc/%d/exe", pid);
	return readlink(path, found, sizeof(found) - 1) > 0 && !strcmp(found, at("nk-cni"));
}

/* A runtime executes it: to write into it would be ETXTBSY, and would break what runs. */
Test(install, an_executable_is_replaced_while_it_runs)
{
	struct nk_install install = { 0 };
	struct nk_error err = { 0 };
	int status;
	pid_t pid;

	unit_temp_dir(dir);
	unit_expect_ok("old", nk_install_add(&install, "/bin/sleep", dir, "nk-cni", 0755, &err),
		       &err);
	done(nk_install_put, &install, "installed @/nk-cni\n");
	nk_install_fini(&install);
	pid = fork();
	if (!pid) {
		execl(at("nk-cni"), "nk-cni", "100", NULL);
		_exit(127);
	}
	while (!runs(pid))
		usleep(1000);
	cr_expect(open(at("nk-cni"), O_WRONLY | O_CLOEXEC) < 0 && errno == ETXTBSY);
	unit_expect_ok("new", nk_install_add(&install, "/bin/true", dir, "nk-cni", 0755, &err),
		       &err);
	done(nk_install_put, &install, "installed @/nk-cni\n");
	cr_expect_eq(waitpid(pid, &status, WNOHANG), 0, "the old one has ended");
	cr_expect_eq(system(at("nk-cni")), 0);
	kill(pid, SIGKILL);
	waitpid(pid, &status, 0);
	done(nk_install_remove, &install, "removed @/nk-cni\n");
	nk_install_fini(&install);
	unit_temp_dir_end(dir);
}

Test(install, what_is_no_regular_file_is_refused_and_stays)
{
	static const char *const words[] = {
		"cannot install|/nk-cni: ELOOP|symbolic link|the directory that it leads to",
		"cannot install|/nk-cni: not a regular file|Find out what uses it",
		"cannot install|/nk-cni: not a regular file|Find out what uses it",
	};
	struct nk_install install = { 0 };
	struct nk_error err = { 0 };
	struct stat before, after;
	unsigned int i;

	unit_temp_dir(dir);
	write_file("elsewhere", "old", 0755);
	add(&install, "nk-cni", "new", 0755);
	for (i = 0; i < 3; i++) {
		cr_assert(!(i == 0 ? symlink("elsewhere", at("nk-cni")) :
			    i == 1 ? mkdir(at("nk-cni"), 0755) :
				     mkfifo(at("nk-cni"), 0755)));
		cr_assert(!lstat(at("nk-cni"), &before));
		unit_expect_error("put", run(nk_install_put, &install, "", &err), &err, NK_CODE_IO,
				  words[i]);
		nk_error_reset(&err);
		unit_expect_error("remove", run(nk_install_remove, &install, "", &err), &err,
				  NK_CODE_IO, words[i]);
		nk_error_reset(&err);
		cr_assert(!lstat(at("nk-cni"), &after));
		cr_expect_eq(after.st_ino, before.st_ino);
		cr_assert(!remove(at("nk-cni")));
	}
	expect_file("elsewhere", "old");
	cr_assert(!unlink(at("elsewhere")));
	nk_install_fini(&install);
	unit_temp_dir_end(dir);
}

Test(install, what_a_killed_one_left_is_cleaned_even_if_nothing_is_to_be_done)
{
	struct nk_install install = { 0 };

	unit_temp_dir(dir);
	add(&install, "nk-cni", "new", 0755);
	write_file(".nk-cni.installing", "half of a longer executable", 0400);
	done(nk_install_put, &install, "installed @/nk-cni\n");
	expect_file("nk-cni", "new");
	expect_file(".nk-cni.installing", NULL);
	write_file(".nk-cni.installing", "", 0400);
	done(nk_install_put, &install, "unchanged @/nk-cni\n");
	expect_file(".nk-cni.installing", NULL);
	write_file(".nk-cni.installing", "", 0400);
	done(nk_install_remove, &install, "removed @/nk-cni\n");
	nk_install_fini(&install);
	unit_temp_dir_end(dir);
}

/* As a full disk does, but for every user: the limit lets half of it be written. */
Test(install, a_write_that_fails_leaves_the_old_file_and_no_temporary_one)
{
	const struct rlimit half = { 50000, RLIM_INFINITY };
	struct nk_install install = { 0 };
	struct nk_error err = { 0 };
	char text[100001];

	unit_temp_dir(dir);
	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	add(&install, "nk-cni", text, 0755);
	write_file("nk-cni", "old", 0755);
	signal(SIGXFSZ, SIG_IGN); /* as main() does */
	cr_assert(!setrlimit(RLIMIT_FSIZE, &half));
	unit_expect_error("put", run(nk_install_put, &install, "", &err), &err, NK_CODE_IO,
			  "cannot install|write|/nk-cni: EFBIG");
	expect_file("nk-cni", "old");
	expect_file(".nk-cni.installing", NULL);
	cr_assert(!unlink(at("nk-cni")));
	nk_install_fini(&install);
	unit_temp_dir_end(dir);
}

/* one_of_many() - installs its own text again and again */
static void one_of_many(char letter)
{
	struct nk_install install = { 0 };
	struct nk_error err = { 0 };
	char text[20001];
	int i, rc = 0;
	FILE *out = fopen("/dev/null", "we");

	memset(text, letter, sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	install.files[0] = (struct nk_install_file){
		.dir = dir,
		.dir_fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC),
		.name = "nk-cni",
		.text = text,
		.size = sizeof(text) - 1,
		.mode = 0755,
	};
	install.count = 1;
	for (i = 0; i < 20 && !rc; i++)
		rc = nk_install_put(&install, out, &err);
	_exit(rc ? 1 : 0);
}

Test(install, several_at_once_do_not_fail_and_none_is_read_half)
{
	int running = 0, status, i;
	char *text;

	unit_temp_dir(dir);
	write_file("nk-cni", "aa", 0755);
	for (i = 0; i < 4; i++, running++)
		if (!fork())
			one_of_many((char)('b' + i));
	while (running) {
		text = read_file("nk-cni");
		cr_expect(strlen(text) == 20000 || !strcmp(text, "aa"), "%zu bytes", strlen(text));
		cr_expect_eq(strspn(text, (char[]){ *text, '\0' }), strlen(text), "it is mixed");
		free(text);
		if (waitpid(-1, &status, WNOHANG) > 0) {
			running--;
			cr_expect_eq(status, 0);
		}
	}
	cr_assert(!unlink(at("nk-cni")));
	unit_temp_dir_end(dir);
}

Test(install, a_directory_that_is_missing_or_none_is_named)
{
	struct nk_install install = { 0 };
	struct nk_error err = { 0 };

	unit_expect_error("missing", nk_install_add_self(&install, "/no-such/bin", &err), &err,
			  NK_CODE_IO, "/no-such/bin: ENOENT|that exists|In a container, mount");
	nk_install_fini(&install);
	nk_error_reset(&err);
	unit_expect_error("none", nk_install_add_self(&install, "/etc/passwd", &err), &err,
			  NK_CODE_IO, "/etc/passwd: ENOTDIR|In a container, mount");
	nk_install_fini(&install);
}

Test(install, the_executable_installs_itself_as_nk_cni)
{
	struct nk_install install = { 0 };
	struct nk_error err = { 0 };
	char command[3 * PATH_MAX];

	unit_temp_dir(dir);
	unit_expect_ok("add", nk_install_add_self(&install, dir, &err), &err);
	done(nk_install_put, &install, "installed @/nk-cni\n");
	snprintf(command, sizeof(command), "cmp /proc/%d/exe '%s'", getpid(), at("nk-cni"));
	cr_expect_eq(system(command), 0);
	done(nk_install_remove, &install, "removed @/nk-cni\n");
	nk_install_fini(&install);
	unit_temp_dir_end(dir);
}

#define GOOD "{\"cniVersion\": \"1.0.0\", \"name\": \"fast\", \"plugins\": [%s]}"
#define OURS "{\"type\": \"nk-cni\", \"master\": \"eth1\", \"queues\": {\"pool\": \"8-15\"}}"
#define BAD  "{\"type\": \"nk-cni\", \"master\": \"eth1\", \"queues\": {\"poll\": \"8-15\"}}"
/* A device plugin says which queue, when there is a Pod. */
#define OF_DEVICE_PLUGIN "{\"type\": \"nk-cni\", \"capabilities\": {\"deviceID\": true}}"

static const struct {
	const char *name, *text;
	enum nk_code code; /* NK_CODE_NONE: it is taken */
	const char *words;
} lists[] = {
	{ "10-fast.conflist", OURS, NK_CODE_NONE, "" },
	{ "10-fast.conflist", "{\"type\": \"ptp\"}, " OURS, NK_CODE_NONE, "" },
	{ "10-fast.conflist", OF_DEVICE_PLUGIN, NK_CODE_NONE, "" },
	{ "10-fast.conflist", "{\"type\": \"ptp\"}", NK_CODE_CONFIG, "none has type \"nk-cni\"" },
	{ "10-fast.conflist", BAD, NK_CODE_UNSUPPORTED, "poll|pool" },
	{ "10-fast.conflist", OURS ", " BAD, NK_CODE_UNSUPPORTED, "poll" },
	{ "10-fast.conflist", OURS ",", NK_CODE_JSON, "10-fast.conflist" },
	{ "10-fast.conf", OURS, NK_CODE_CONFIG, "no container runtime would read|.conflist" },
	{ ".conflist", OURS, NK_CODE_CONFIG, "no container runtime would read|.conflist" },
};

Test(install, a_list_is_taken_only_if_add_would_take_it)
{
	struct nk_install install;
	char text[512], there[2 * PATH_MAX];
	struct nk_error err = { 0 };
	unsigned int i;
	int rc;

	unit_temp_dir(dir);
	for (i = 0; i < sizeof(lists) / sizeof(*lists); i++) {
		install = (struct nk_install){ 0 };
		snprintf(text, sizeof(text), GOOD, lists[i].text);
		write_file(lists[i].name, text, 0644);
		snprintf(there, sizeof(there), "%s", at(lists[i].name));
		rc = nk_install_add_conf(&install, there, dir, &err);
		if (lists[i].code == NK_CODE_NONE)
			unit_expect_ok(lists[i].text, rc, &err);
		else
			unit_expect_error(lists[i].text, rc, &err, lists[i].code, lists[i].words);
		nk_error_reset(&err);
		nk_install_fini(&install);
		cr_assert(!unlink(there));
	}
	unit_temp_dir_end(dir);
}

/* A mounted ConfigMap has symbolic links; what libcni reads as a single plugin is no list. */
Test(install, a_list_may_be_a_link_and_a_configuration_is_no_list)
{
	struct nk_install install = { 0 };
	struct nk_error err = { 0 };
	char text[512], there[2 * PATH_MAX];

	unit_temp_dir(dir);
	snprintf(text, sizeof(text), GOOD, OURS);
	write_file("data", text, 0644);
	cr_assert(!symlink("data", at("10-fast.conflist")));
	snprintf(there, sizeof(there), "%s", at("10-fast.conflist"));
	unit_expect_ok("link", nk_install_add_conf(&install, there, dir, &err), &err);
	nk_install_fini(&install);
	write_file("data", "{\"cniVersion\": \"1.0.0\", \"name\": \"fast\", \"type\": \"nk-cni\"}",
		   0644);
	unit_expect_error("none", nk_install_add_conf(&install, there, dir, &err), &err,
			  NK_CODE_CONFIG, "10-fast.conflist|no list|plugins");
	nk_install_fini(&install);
	cr_assert(!unlink(there) && !unlink(at("data")));
	unit_temp_dir_end(dir);
}
