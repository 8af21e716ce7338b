// SPDX-License-Identifier: Apache-2.0
/* test_delegate.c - other plugins, which are shell scripts here: well-behaved, silent, stuck, dying */
#include "cni/delegate.h"

#include "unit.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define BIG_SIZE ((size_t)900 * 1024) /* many times what a pipe holds */

static char dir[PATH_MAX];

static void make_dir(void)
{
	unit_temp_dir(dir);
}

static void remove_dir(void)
{
	char path[PATH_MAX + 8];

	snprintf(path, sizeof(path), "%s/plugin", dir);
	unlink(path);
	unit_temp_dir_end(dir);
}

/* What does not end is a failure, not a wait: no plugin here ends by itself within this time. */
TestSuite(delegate, .init = make_dir, .fini = remove_dir, .timeout = 20);

/* One run: what is asked, and what came of it. */
struct run {
	struct nk_delegate call;
	char *text;
	size_t size;
	int rc, status;
	struct nk_error err;
};

#define RUN                              \
	{ .call = { .path = dir,         \
		    .type = "plugin",    \
		    .command = "ADD",    \
		    .input = "",         \
		    .limit_ms = 15000 }, \
	  .status = -1 }

static size_t count_fds(void)
{
	size_t count;
	glob_t found;

	cr_assert(!glob("/proc/self/fd/*", 0, NULL, &found));
	count = found.gl_pathc;
	globfree(&found);
	return count;
}

/* call() - also: no child and no fd is left, and nothing is handed back on failure */
static void call(struct run *run)
{
	const size_t fds = count_fds();

	run->rc = nk_delegate_run(&run->call, &run->text, &run->size, &run->status, &run->err);
	cr_expect_eq(count_fds(), fds, "fds: %zu before, %zu after", fds, count_fds());
	cr_expect(waitpid(-1, NULL, WNOHANG) == -1 && errno == ECHILD, "a child is left");
	cr_expect_eq(!run->rc, !!run->text);
}

/* run_script() - with a plugin of that text; to be freed with free(run->text) */
static void run_script(struct run *run, const char *body)
{
	unit_write_script(dir, "plugin", body);
	call(run);
}

/* write_plugin() - one that is no shell script */
static void write_plugin(const char *text)
{
	char path[PATH_MAX + 8];
	FILE *file;

	snprintf(path, sizeof(path), "%s/plugin", dir);
	file = fopen(path, "we");
	cr_assert(file && fputs(text, file) >= 0 && !fclose(file) && !chmod(path, 0755),
		  "write %s: %s", path, nk_errno_name(errno));
}

static void expect_answer(const char *body, const char *text, int status)
{
	struct run run = RUN;

	run_script(&run, body);
	unit_expect_ok(body, run.rc, &run.err);
	if (!run.rc) {
		cr_expect_str_eq(run.text, text, "%s\nwrote: %s", body, run.text);
		cr_expect_eq(run.size, strlen(text));
		cr_expect_eq(run.status, status, "%s\nexited with %d", body, run.status);
	}
	free(run.text);
}

static char *make_big_input(void)
{
	char *text = malloc(BIG_SIZE);
	size_t i;

	cr_assert(text, "out of memory");
	for (i = 0; i < BIG_SIZE; i++)
		text[i] = (char)('!' + i % 91);
	return text;
}

/* --- what the plugin gets -------------------------------------------------------------------- */

static unsigned int count_lines(const char *text, const char *beginning)
{
	unsigned int count = 0;

	for (; text && *text; text = strchr(text, '\n') ? strchr(text, '\n') + 1 : NULL)
		count += !strncmp(text, beginning, strlen(beginning));
	return count;
}

Test(delegate, environment_is_ours_but_for_the_command)
{
	static const char *const ours[] = { "CHECK", NULL };
	size_t i;

	setenv("CNI_IFNAME", "eth0", 1);
	setenv("CNI_COMMAND_LINE", "of another", 1);
	setenv("NK_EMPTY", "", 1);
	for (i = 0; i < 2; i++) {
		struct run run = RUN;

		unsetenv("CNI_COMMAND");
		if (ours[i])
			setenv("CNI_COMMAND", ours[i], 1);
		run.call.command = "DEL";
		run_script(&run, "exec env");
		unit_expect_ok("env", run.rc, &run.err);
		cr_expect_eq(count_lines(run.text, "CNI_COMMAND="), 1, "%s", run.text);
		cr_expect_eq(count_lines(run.text, "CNI_COMMAND=DEL\n"), 1, "%s", run.text);
		cr_expect_eq(count_lines(run.text, "CNI_IFNAME=eth0\n"), 1, "%s", run.text);
		cr_expect_eq(count_lines(run.text, "CNI_COMMAND_LINE=of another\n"), 1);
		cr_expect_eq(count_lines(run.text, "NK_EMPTY=\n"), 1, "%s", run.text);
		cr_expect(ours[i] ? !strcmp(getenv("CNI_COMMAND"), ours[i]) :
				    !getenv("CNI_COMMAND"),
			  "our own environment was changed");
		free(run.text);
	}
}

Test(delegate, variables_of_the_caller_are_in_place_of_ours)
{
	char ifname[] = "CNI_IFNAME=net1", args[] = "CNI_ARGS=", other[] = "CNI_IF=x";
	char *const variables[] = { ifname, args, other, NULL };
	struct run run = RUN;

	setenv("CNI_IFNAME", "eth0", 1);
	setenv("CNI_ARGS", "A=b", 1);
	setenv("CNI_NETNS", "/run/netns/p", 1);
	run.call.variables = variables;
	run_script(&run, "exec env");
	unit_expect_ok("env", run.rc, &run.err);
	cr_expect_eq(count_lines(run.text, "CNI_IFNAME="), 1, "%s", run.text);
	cr_expect_eq(count_lines(run.text, "CNI_IFNAME=net1\n"), 1, "%s", run.text);
	cr_expect_eq(count_lines(run.text, "CNI_ARGS="), 1, "%s", run.text);
	cr_expect_eq(count_lines(run.text, "CNI_ARGS=\n"), 1, "%s", run.text);
	cr_expect_eq(count_lines(run.text, "CNI_IF=x\n"), 1, "%s", run.text);
	cr_expect_eq(count_lines(run.text, "CNI_NETNS=/run/netns/p\n"), 1, "%s", run.text);
	cr_expect_eq(count_lines(run.text, "CNI_COMMAND=ADD\n"), 1, "%s", run.text);
	free(run.text);
}

/* Written and read at the same time: neither side may wait for the other to be done. */
Test(delegate, stdin_is_the_input_byte_for_byte)
{
	char *input = make_big_input();
	struct run run = RUN;

	input[1000] = '\0';
	run.call.input = input;
	run.call.input_size = BIG_SIZE;
	run_script(&run, "exec cat");
	unit_expect_ok("cat", run.rc, &run.err);
	cr_expect_eq(run.size, BIG_SIZE);
	cr_expect(run.size == BIG_SIZE && !memcmp(run.text, input, BIG_SIZE));
	free(run.text);
	free(input);
	expect_answer("cat; echo end", "end\n", 0);
}

/* The fd that is open here without O_CLOEXEC is one that the runtime may have left to us. */
Test(delegate, plugin_has_no_fd_but_the_standard_ones)
{
	int fd = dup(STDERR_FILENO);

	cr_assert_gt(fd, STDERR_FILENO);
	expect_answer("exec ls /proc/self/fd", "0\n1\n2\n3\n", 0); /* 3: the directory itself */
	close(fd);
}

/* The plugin is cat: a shell would unblock signals by itself. */
Test(delegate, plugin_has_its_signals_whatever_ours_are)
{
	struct run run = RUN;
	sigset_t set, now;
	const char *ignored;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGHUP);
	sigprocmask(SIG_BLOCK, &set, NULL);
	signal(SIGPIPE, SIG_IGN);
	signal(SIGCHLD, SIG_IGN);
	write_plugin("#!/bin/cat /proc/self/status\n");
	call(&run);
	unit_expect_ok("cat", run.rc, &run.err);
	cr_assert(run.text);
	cr_expect(strstr(run.text, "SigBlk:\t0000000000000000\n"), "%s", run.text);
	ignored = strstr(run.text, "\nSigIgn:");
	cr_assert(ignored, "%s", run.text);
	cr_expect_not(strtoull(ignored + 8, NULL, 16) >> (SIGPIPE - 1) & 1, "%s", run.text);
	free(run.text);
	expect_answer("exit 9", "", 9); /* SIGCHLD ignored, the kernel would reap it unseen */

	cr_expect(signal(SIGPIPE, SIG_DFL) == SIG_IGN && signal(SIGCHLD, SIG_DFL) == SIG_IGN,
		  "ours were changed");
	sigprocmask(SIG_UNBLOCK, &set, &now);
	cr_expect(sigismember(&now, SIGTERM) && sigismember(&now, SIGHUP), "ours were changed");
}

/* --- what comes back ------------------------------------------------------------------------- */

Test(delegate, stdout_and_exit_status_are_handed_back)
{
	expect_answer("echo '{\"a\": 1}'", "{\"a\": 1}\n", 0);
	expect_answer("printf 'no newline'; exit 3", "no newline", 3);
	expect_answer("exit 255", "", 255);
	expect_answer("echo a; sleep 0.1; echo b", "a\nb\n", 0);
}

Test(delegate, plugin_that_closes_its_stdout_is_waited_for)
{
	expect_answer("echo a; exec >&-; sleep 0.2; exit 4", "a\n", 4);
}

/* SIGPIPE would end this process, as nothing here ignores it. */
Test(delegate, plugin_need_not_read_its_stdin)
{
	static const char *const bodies[] = { "echo done", "exec <&-; sleep 0.2; echo done",
					      "head -c 1 >/dev/null; sleep 0.2; echo done" };
	char *input = make_big_input();
	size_t i;

	for (i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++) {
		struct run run = RUN;

		run.call.input = input;
		run.call.input_size = BIG_SIZE;
		run_script(&run, bodies[i]);
		unit_expect_ok(bodies[i], run.rc, &run.err);
		cr_expect_str_eq(run.text, "done\n");
		free(run.text);
	}
	free(input);
}

Test(delegate, stdout_ends_at_1_mib)
{
	struct run whole = RUN, more = RUN, endless = RUN;

	run_script(&whole, "head -c 1048576 /dev/zero");
	unit_expect_ok("1 MiB", whole.rc, &whole.err);
	cr_expect_eq(whole.size, NK_DELEGATE_OUTPUT_MAX);
	free(whole.text);
	run_script(&more, "head -c 1048577 /dev/zero");
	unit_expect_error("1 MiB and a byte", more.rc, &more.err, NK_CODE_IPAM,
			  "IPAM plugin plugin (command ADD)|more than 1048576 bytes");
	run_script(&endless, "exec yes");
	unit_expect_error("yes", endless.rc, &endless.err, NK_CODE_IPAM, "more than 1048576 bytes");
}

/* --- what never comes back ------------------------------------------------------------------- */

Test(delegate, plugin_that_hangs_is_killed)
{
	static const char *const bodies[] = {
		"exec sleep 100",
		"exec setsid sleep 100",
		"echo early; exec sleep 100",
		"exec >&-; exec sleep 100",
		"trap '' TERM INT HUP; exec sleep 100",
		"kill -STOP $$",
	};
	char *input = make_big_input();
	size_t i;

	for (i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++) {
		struct run run = RUN;

		run.call.limit_ms = 300;
		run.call.input = input; /* nobody reads it either */
		run.call.input_size = BIG_SIZE;
		run_script(&run, bodies[i]);
		unit_expect_error(bodies[i], run.rc, &run.err, NK_CODE_IPAM,
				  "IPAM plugin plugin (command ADD) did not answer within 0.3 s");
		cr_expect_eq(run.rc, -ETIMEDOUT);
	}
	free(input);
}

/* One that is busy all the time must not be taken for one that gets on. */
Test(delegate, plugin_that_drips_for_ever_is_killed)
{
	struct run run = RUN;

	run.call.limit_ms = 300;
	run_script(&run, "while :; do echo; done");
	cr_expect(run.rc == -ETIMEDOUT || run.rc == -EFBIG, "rc %d: %s", run.rc, run.err.details);
	free(run.text);
}

Test(delegate, death_by_signal_is_no_answer)
{
	struct run killed = RUN, aborted = RUN;

	run_script(&killed, "echo '{}'; kill -KILL $$");
	unit_expect_error("SIGKILL", killed.rc, &killed.err, NK_CODE_IPAM,
			  "IPAM plugin plugin (command ADD) was killed by signal 9 (Killed)");
	run_script(&aborted, "ulimit -c 0; kill -SEGV $$");
	unit_expect_error("SIGSEGV", aborted.rc, &aborted.err, NK_CODE_IPAM,
			  "was killed by signal 11");
}

/* A daemon that the plugin started has its stdout, and lives. */
Test(delegate, stdout_that_a_grandchild_holds_open_is_not_waited_for)
{
	static const char *const bodies[] = { "sleep 100 & echo $!", "sleep 100 <&0 & echo $!" };
	char *input = make_big_input();
	size_t i;

	for (i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++) {
		struct run run = RUN;
		long pid = 0;

		run.call.input = input;
		run.call.input_size = BIG_SIZE;
		run_script(&run, bodies[i]);
		unit_expect_ok(bodies[i], run.rc, &run.err);
		cr_expect_eq(run.status, 0);
		pid = strtol(run.text, NULL, 10);
		cr_expect(pid > 1 && !kill((pid_t)pid, SIGKILL), "wrote: %s", run.text);
		free(run.text);
	}
	free(input);
}

/* A pipe with the plugin's last words in it may be read after its end. */
Test(delegate, what_was_written_before_the_end_is_read_whole)
{
	struct run run = RUN;
	long pid;

	run_script(&run, "head -c 60000 /dev/zero | tr '\\0' x; sleep 100 & echo; echo $!");
	unit_expect_ok("60000 bytes", run.rc, &run.err);
	cr_assert_gt(run.size, 60001);
	cr_expect_eq(strspn(run.text, "x"), 60000);
	pid = strtol(run.text + 60001, NULL, 10);
	cr_expect(pid > 1 && !kill((pid_t)pid, SIGKILL));
	free(run.text);
}

/* What goes on after a failure could reserve an address that nobody gives back. Its stderr, a pipe here,
 * is closed by its end.
 */
Test(delegate, what_the_plugin_started_ends_with_it_unless_it_succeeded)
{
	static const char *const bodies[] = {
		"sleep 100 & exec sleep 100",
		"(trap '' TERM INT HUP; sleep 100; :) & wait",
		"sleep 100 & exit 1",
		"sleep 100 & kill -KILL $$",
		"sleep 100 & while :; do echo; done",
	};
	int old = dup(STDERR_FILENO), ends[2];
	char byte;
	size_t i;

	for (i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++) {
		struct run run = RUN;

		cr_assert(!pipe2(ends, O_CLOEXEC) && dup2(ends[1], STDERR_FILENO) >= 0);
		close(ends[1]);
		run.call.limit_ms = 300;
		run_script(&run, bodies[i]);
		dup2(old, STDERR_FILENO);
		cr_expect(run.rc || run.status, "%s", bodies[i]);
		cr_expect_eq(read(ends[0], &byte, 1), 0, "%s: something lives", bodies[i]);
		close(ends[0]);
		free(run.text);
	}
	close(old);
}

/* does_not_outlive_us() - The runtime kills nk-cni alone. */
static void does_not_outlive_us(const char *body)
{
	struct run run = RUN;
	char up[3] = "";
	int ends[2];
	pid_t pid;

	unit_write_script(dir, "plugin", body);
	cr_assert(!pipe(ends), "pipe: %s", nk_errno_name(errno));
	pid = fork();
	cr_assert_geq(pid, 0, "fork: %s", nk_errno_name(errno));
	if (!pid) {
		dup2(ends[1], STDERR_FILENO);
		nk_delegate_run(&run.call, &run.text, &run.size, &run.status, &run.err);
		_exit(0);
	}
	close(ends[1]);
	cr_expect_eq(read(ends[0], up, 3), 3);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	cr_expect_eq(read(ends[0], up, 1), 0, "%s: something holds the plugin's stderr", body);
	close(ends[0]);
}

Test(delegate, plugin_does_not_outlive_us)
{
	does_not_outlive_us("echo up >&2; exec sleep 100");
}

/* As a shell script does. */
Test(delegate, what_the_plugin_started_does_not_outlive_us)
{
	does_not_outlive_us("echo up >&2; sleep 100; echo late");
}

/* --- whose program it is ------------------------------------------------------------------------ */

Test(delegate, program_that_others_can_change_is_not_run_where_trust_is_wanted)
{
	static const struct {
		mode_t dir_mode, file_mode;
		bool runs;
	} rows[] = {
		{ 0755, 0755, true },
		{ 0777, 0755, false },
		{ 01777, 0755, false },
		{ 0755, 0777, false },
	};
	char path[PATH_MAX + 8];
	size_t i;

	snprintf(path, sizeof(path), "%s/plugin", dir);
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct run run = RUN;

		unit_write_script(dir, "plugin", "echo ran");
		cr_assert(!chmod(path, rows[i].file_mode) && !chmod(dir, rows[i].dir_mode));
		run.call.trusted_only = true;
		call(&run);
		if (rows[i].runs)
			unit_expect_ok("mine alone", run.rc, &run.err);
		else
			unit_expect_error("others'", run.rc, &run.err, NK_CODE_CONFIG,
					  "is not trusted|/plugin");
		free(run.text);
		cr_assert(!chmod(dir, 0755));
	}
}

/* --- finding it ------------------------------------------------------------------------------ */

Test(delegate, first_regular_file_in_cni_path_is_taken)
{
	char path[4 * PATH_MAX], a[PATH_MAX + 8], b[PATH_MAX + 8], name[PATH_MAX + 32];
	struct run run = RUN;

	snprintf(a, sizeof(a), "%s/a", dir);
	snprintf(b, sizeof(b), "%s/b", dir);
	snprintf(name, sizeof(name), "%s/a/plugin", dir);
	cr_assert(!mkdir(a, 0700) && !mkdir(b, 0700) && !mkdir(name, 0700));
	unit_write_script(b, "plugin", "echo \"$0\"");
	unit_write_script(dir, "plugin", "echo second");
	snprintf(path, sizeof(path), ":/no/such:%s::%s:%s:", a, b, dir);
	run.call.path = path;
	call(&run);
	unit_expect_ok(path, run.rc, &run.err);
	cr_expect(run.text && strstr(run.text, "/b/plugin\n"), "wrote: %s", run.text);
	free(run.text);
	rmdir(name);
	snprintf(name, sizeof(name), "%s/b/plugin", dir);
	unlink(name);
	rmdir(a);
	rmdir(b);
}

Test(delegate, plugin_that_is_not_there_is_code_7_and_says_where_it_was_looked_for)
{
	static const struct {
		const char *path, *words;
	} rows[] = {
		{ "/no/such:/opt/none", "plugin: not found in /no/such:/opt/none|install" },
		{ "", "CNI_PATH, which is empty" },
		{ NULL, "CNI_PATH, which is empty" },
		{ "::", "not found in ::" },
	};
	static char big[PATH_MAX + 100];
	struct run run = RUN;
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		run.err = (struct nk_error){ 0 };
		run.call.path = rows[i].path;
		call(&run);
		unit_expect_error(rows[i].path ? rows[i].path : "NULL", run.rc, &run.err,
				  NK_CODE_CONFIG, rows[i].words);
		cr_expect_eq(run.rc, -ENOENT);
	}
	memset(big, 'x', sizeof(big) - 1);
	run.err = (struct nk_error){ 0 };
	run.call.path = big;
	call(&run);
	unit_expect_error("a long CNI_PATH", run.rc, &run.err, NK_CODE_CONFIG, "not found in xxx");
}

Test(delegate, type_that_is_no_file_name_is_refused)
{
	static const char *const types[] = { "", ".", "..", "a/b", "/bin/true", "../plugin" };
	struct run run = RUN;
	size_t i;

	unit_write_script(dir, "plugin", "echo never");
	for (i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		run.err = (struct nk_error){ 0 };
		run.call.type = types[i];
		call(&run);
		unit_expect_error(types[i], run.rc, &run.err, NK_CODE_CONFIG,
				  "ipam.type|file name");
		unit_expect_error(types[i], run.rc, &run.err, NK_CODE_CONFIG, types[i]);
	}
}

Test(delegate, plugin_that_cannot_be_started_is_named_with_the_errno)
{
	struct run mode = RUN, format = RUN, interpreter = RUN;
	char path[PATH_MAX + 8];

	snprintf(path, sizeof(path), "%s/plugin", dir);
	unit_write_script(dir, "plugin", "echo never");
	chmod(path, 0644);
	call(&mode);
	unit_expect_error("mode 0644", mode.rc, &mode.err, NK_CODE_IPAM,
			  "IPAM plugin plugin (command ADD) cannot be started: execve|/plugin: "
			  "EACCES|executable");
	write_plugin("no program");
	call(&format);
	unit_expect_error("no program", format.rc, &format.err, NK_CODE_IPAM, "/plugin: ENOEXEC");
	write_plugin("#!/no/such\n");
	call(&interpreter);
	unit_expect_error("#!/no/such", interpreter.rc, &interpreter.err, NK_CODE_IPAM,
			  "execve|/plugin: ENOENT");
}

/* --- a plugin that is just being installed --------------------------------------------------- */

static void *close_soon(void *fd)
{
	poll(NULL, 0, 100);
	close(*(int *)fd);
	return NULL;
}

static int open_for_writing(void)
{
	char path[PATH_MAX + 8];
	int fd;

	unit_write_script(dir, "plugin", "echo installed");
	snprintf(path, sizeof(path), "%s/plugin", dir);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	cr_assert_geq(fd, 0, "open %s: %s", path, nk_errno_name(errno));
	return fd;
}

Test(delegate, file_that_is_being_written_is_tried_again)
{
	struct run run = RUN;
	int fd = open_for_writing();
	pthread_t thread;

	cr_assert(!pthread_create(&thread, NULL, close_soon, &fd));
	run.rc = nk_delegate_run(&run.call, &run.text, &run.size, &run.status, &run.err);
	pthread_join(thread, NULL);
	unit_expect_ok("ETXTBSY, then not", run.rc, &run.err);
	cr_expect_str_eq(run.text, "installed\n");
	free(run.text);
}

Test(delegate, file_that_stays_open_for_writing_is_given_up_at_the_limit)
{
	struct run run = RUN;
	int fd = open_for_writing();

	run.call.limit_ms = 300;
	call(&run);
	close(fd);
	unit_expect_error("ETXTBSY", run.rc, &run.err, NK_CODE_IPAM,
			  "cannot be started: execve|/plugin: ETXTBSY|still being written");
}

/* --- the error object ------------------------------------------------------------------------ */

Test(delegate, first_error_wins)
{
	struct run run = RUN;

	nk_error_set(&run.err, NK_CODE_KERNEL, ENODEV, "the first", "%s", "");
	run_script(&run, "kill -KILL $$");
	cr_expect_eq(run.rc, -EREMOTEIO);
	cr_expect_eq(run.err.code, NK_CODE_KERNEL);
	cr_expect_str_eq(run.err.msg, "the first");
	cr_expect_str_eq(run.err.remedy, "");
}
