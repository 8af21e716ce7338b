// SPDX-License-Identifier: Apache-2.0
/* meter: calls CNI plugins in turn, and prints what each call cost, as one JSON object a line. */
#include "../tools/cli.h"

#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/perf_event.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/*
 *   meter [OPTION...] NAME=PLUGIN:CONF...
 *
 * A contestant is a plugin, or any program, with a file of its configuration. In each round all contestants are
 * called one after the other, with each of --commands. CHECK and DEL get the result of ADD as prevResult. Each
 * contestant has Pods of its own, whose network namespaces are made before.
 *
 * A line has the wall time from the start of the program until it is gone, its CPU (own_us: without programs that it
 * started, such as an IPAM plugin; cpu_us: with them). With --count there is one round more, in which calls take
 * longer: its lines have the system calls, page faults and the largest resident set of the program alone.
 */
#define CONTESTANTS_MAX 16
#define TEXT_MAX	65536
#define STEP_US		30000 /* between calls, for what the kernel has left for later */

enum counter {
	OWN_CPU,
	FAULTS,
	CALLS,
	INSTRUCTIONS,
	COUNTERS
};

struct contestant {
	const char *name, *plugin;
	char conf[TEXT_MAX];
	char (*results)[TEXT_MAX]; /* of the ADDs, one for each Pod */
};

struct call {
	const struct contestant *who;
	const char *command;
	uint32_t pod;
	int in, out; /* files of its stdin and stdout */
	pid_t pid;
	int counters[COUNTERS];
};

/* What one call cost; a counter that the kernel does not have is -1. */
struct cost {
	uint64_t wall_ns;
	double cpu_us;
	int64_t counted[COUNTERS];
	long rss_kib;
	int status;
};

static const char *tag = "", *commands = "ADD,DEL", *cni_path = "/usr/lib/cni";
static const char *cgroup;
static bool count, counting, fails, may_fail;
static uint64_t rounds = 5, workers = 1, pods = 1;
static struct cli_list present = { .v = { 0 }, .n = 1 };
static struct contestant *contestants;
static uint32_t contestant_count;

static const struct cli_opt options[] = {
	{ "tag", CLI_STR, &tag, .help = "TEXT: \"bench\" in each line" },
	{ "rounds", CLI_U64, &rounds, 1, 100000, .help = "N: default 5" },
	{ "commands", CLI_STR, &commands, .help = "C[,C...]: default ADD,DEL" },
	{ "path", CLI_STR, &cni_path, .help = "DIR[:DIR...]: CNI_PATH, default /usr/lib/cni" },
	{ "present", CLI_LIST, &present, 0, 4096,
	  .help = "N[,N...]: measure beside so many attachments of the contestant, which are made before" },
	{ "workers", CLI_U64, &workers, 1, 1024,
	  .help = "N: a round is an ADD for each of --pods by so many at once, then a DEL for each" },
	{ "pods", CLI_U64, &pods, 1, 4096, .help = "N: default 1" },
	{ "count", CLI_FLAG, &count,
	  .help = ": then count system calls, page faults and memory too" },
	{ "fails", CLI_FLAG, &fails, .help = ": each call has to fail" },
	{ "may-fail", CLI_FLAG, &may_fail, .help = ": a call may fail" },
	{ "cgroup", CLI_STR, &cgroup, .help = "DIR: where the plugins run" },
	{ 0 },
};

/* --- one call --------------------------------------------------------------------------------------- */

static void netns_path(const struct contestant *who, uint32_t pod, char *out, size_t size)
{
	snprintf(out, size, "/run/netns/b%td-%u", who - contestants, pod);
}

static int64_t tracepoint(void)
{
	FILE *file = fopen("/sys/kernel/tracing/events/raw_syscalls/sys_enter/id", "re");
	int id = -1;

	if (file) {
		if (fscanf(file, "%d", &id) != 1)
			id = -1;
		fclose(file);
	}
	return id;
}

/* Counts what the process does from its exec on, in all its threads, but not in its children. */
static int open_counter(enum counter which, pid_t pid)
{
	struct perf_event_attr attr = {
		.size = sizeof(attr),
		.type = PERF_TYPE_SOFTWARE,
		.config = PERF_COUNT_SW_TASK_CLOCK,
		.disabled = 1,
		.enable_on_exec = 1,
		.inherit = 1,
		.inherit_thread = 1,
	};

	if (which == FAULTS)
		attr.config = PERF_COUNT_SW_PAGE_FAULTS;
	if (which == INSTRUCTIONS) {
		attr.type = PERF_TYPE_HARDWARE;
		attr.config = PERF_COUNT_HW_INSTRUCTIONS;
	}
	if (which == CALLS) {
		attr.type = PERF_TYPE_TRACEPOINT;
		attr.config = (uint64_t)tracepoint();
	}
	if (which != OWN_CPU && (!counting || (int64_t)attr.config < 0))
		return -1;
	return (int)syscall(SYS_perf_event_open, &attr, pid, -1, -1, PERF_FLAG_FD_CLOEXEC);
}

static int file_of(const char *text)
{
	int fd = memfd_create("meter", MFD_CLOEXEC);

	if (fd < 0 || write(fd, text, strlen(text)) < 0 || lseek(fd, 0, SEEK_SET) < 0)
		err(CLI_SYSTEM, "memfd");
	return fd;
}

/* The configuration, with prevResult before its last brace if the command wants it. */
static int input_of(const struct call *call)
{
	const char *conf = call->who->conf, *result = call->who->results[call->pod],
		   *end = strrchr(conf, '}');
	char text[2 * TEXT_MAX + 32];

	if (!end || !*result || !strcmp(call->command, "ADD") || !strcmp(call->command, "VERSION"))
		return file_of(conf);
	snprintf(text, sizeof(text), "%.*s,\"prevResult\":%s}", (int)(end - conf), conf, result);
	return file_of(text);
}

static void join_cgroup(void)
{
	char path[256];
	int fd;

	if (!cgroup)
		return;
	snprintf(path, sizeof(path), "%s/cgroup.procs", cgroup);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0 || write(fd, "0", 1) != 1)
		err(127, "%s", path);
}

static void __attribute__((noreturn)) become(const struct call *call, int go)
{
	char netns[64], id[64], byte;

	netns_path(call->who, call->pod, netns, sizeof(netns));
	snprintf(id, sizeof(id), "bench-%td-%u", call->who - contestants, call->pod);
	setenv("CNI_COMMAND", call->command, 1);
	setenv("CNI_CONTAINERID", id, 1);
	setenv("CNI_NETNS", netns, 1);
	setenv("CNI_IFNAME", "eth0", 1);
	setenv("CNI_PATH", cni_path, 1);
	join_cgroup();
	dup2(call->in, STDIN_FILENO);
	dup2(call->out, STDOUT_FILENO);
	if (read(go, &byte, 1) == 1)
		execl(call->who->plugin, call->who->plugin, NULL);
	err(127, "%s", call->who->plugin);
}

static long peak_kib(pid_t pid)
{
	char path[64], line[256];
	long kib = -1;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
	file = fopen(path, "re");
	while (file && fgets(line, sizeof(line), file))
		if (sscanf(line, "VmHWM: %ld", &kib) == 1)
			break;
	if (file)
		fclose(file);
	return kib;
}

/* Until it is gone. If it is traced, it stops just before that, when its memory can still be read. */
static void wait_for(pid_t pid, struct cost *cost)
{
	struct rusage used = { 0 };
	int signal;

	while (wait4(pid, &cost->status, __WALL, &used) == pid && WIFSTOPPED(cost->status)) {
		signal = cost->status >> 16 ? 0 : WSTOPSIG(cost->status);
		if (cost->status >> 16 == PTRACE_EVENT_EXIT)
			cost->rss_kib = peak_kib(pid);
		ptrace(PTRACE_CONT, pid, NULL, (void *)(intptr_t)signal);
	}
	cost->cpu_us = (double)(used.ru_utime.tv_sec + used.ru_stime.tv_sec) * 1e6 +
		       (double)(used.ru_utime.tv_usec + used.ru_stime.tv_usec);
}

static void run(struct call *call, struct cost *cost)
{
	uint64_t start, value;
	int go[2], i;

	*cost = (struct cost){ .rss_kib = -1 };
	if (pipe2(go, O_CLOEXEC))
		err(CLI_SYSTEM, "pipe");
	call->pid = fork();
	if (call->pid < 0)
		err(CLI_SYSTEM, "fork");
	if (!call->pid)
		become(call, go[0]);
	if (counting && ptrace(PTRACE_SEIZE, call->pid, NULL, (void *)PTRACE_O_TRACEEXIT))
		err(CLI_SYSTEM, "ptrace");
	for (i = 0; i < COUNTERS; i++)
		call->counters[i] = open_counter((enum counter)i, call->pid);
	start = cli_now_ns();
	if (write(go[1], "", 1) != 1)
		err(CLI_SYSTEM, "pipe");
	wait_for(call->pid, cost);
	cost->wall_ns = cli_now_ns() - start;
	close(go[0]);
	close(go[1]);
	for (i = 0; i < COUNTERS; i++) {
		cost->counted[i] = -1;
		if (call->counters[i] >= 0 &&
		    read(call->counters[i], &value, sizeof(value)) == sizeof(value))
			cost->counted[i] = (int64_t)value;
		if (call->counters[i] >= 0)
			close(call->counters[i]);
	}
}

static void take_result(const struct call *call, const struct cost *cost)
{
	char *text = call->who->results[call->pod];
	ssize_t got = pread(call->out, text, TEXT_MAX - 1, 0);

	text[got > 0 ? got : 0] = '\0';
	if ((cost->status != 0) != fails && !may_fail)
		errx(CLI_UNMET, "%s, %s of Pod %u: status %#x: %s", call->who->name, call->command,
		     call->pod, (unsigned int)cost->status, text);
}

static void print_number(const char *key, int64_t value)
{
	if (value >= 0)
		printf(",\"%s\":%lld", key, (long long)value);
}

static void print_cost(const struct call *call, const struct cost *cost, uint32_t beside)
{
	printf("{\"bench\":\"%s\",\"name\":\"%s\",\"command\":\"%s\",\"present\":%u,\"workers\":%llu",
	       tag, call->who->name, call->command, beside, (unsigned long long)workers);
	if (cost->status)
		printf(",\"status\":%d", cost->status);
	if (!counting) {
		printf(",\"wall_us\":%.1f,\"cpu_us\":%.0f", (double)cost->wall_ns / 1000,
		       cost->cpu_us);
		if (cost->counted[OWN_CPU] >= 0)
			printf(",\"own_us\":%.1f", (double)cost->counted[OWN_CPU] / 1000);
	}
	print_number("calls", cost->counted[CALLS]);
	print_number("faults", cost->counted[FAULTS]);
	print_number("instructions", cost->counted[INSTRUCTIONS]);
	print_number("rss_kib", cost->rss_kib);
	puts("}");
	fflush(stdout);
}

/* @shown: print what it cost */
static void call_plugin(const struct contestant *who, const char *command, uint32_t pod,
			uint32_t beside, bool shown)
{
	struct call call = { .who = who, .command = command, .pod = pod };
	struct cost cost;

	call.in = input_of(&call);
	call.out = file_of("");
	run(&call, &cost);
	if (!strcmp(command, "ADD") || cost.status || fails)
		take_result(&call, &cost);
	close(call.in);
	close(call.out);
	if (shown)
		print_cost(&call, &cost, beside);
}

/* --- many calls --------------------------------------------------------------------------------------- */

/* Each of the commands, for the Pod that comes after those that are present. */
static void measure(const struct contestant *who, uint32_t beside)
{
	char list[256], *at = list, *command;

	snprintf(list, sizeof(list), "%s", commands);
	while ((command = strsep(&at, ","))) {
		call_plugin(who, command, beside, beside, true);
		usleep(STEP_US);
	}
}

/* Rounds beside each number of attachments in turn; the list goes upwards. */
static void measure_beside(void)
{
	uint32_t i, j, made = 0, done = 0;
	uint64_t round;

	for (i = 0; i < present.n; i++, done = made) {
		for (j = 0; j < contestant_count; j++)
			for (made = done; made < present.v[i]; made++)
				call_plugin(&contestants[j], "ADD", made, 0, false);
		usleep(10 * STEP_US);
		for (round = 0; round < rounds + count; round++) {
			counting = round == rounds;
			for (j = 0; j < contestant_count; j++)
				measure(&contestants[j], present.v[i]);
		}
		counting = false;
	}
	for (j = 0; j < contestant_count; j++)
		for (made = 0; made < done; made++)
			call_plugin(&contestants[j], "DEL", made, 0, false);
}

/* One worker's part: every workers-th Pod. */
static void work(const struct contestant *who, const char *command, uint32_t first)
{
	uint32_t pod;

	for (pod = first; pod < pods; pod += (uint32_t)workers)
		call_plugin(who, command, pod, 0, true);
}

static void at_once(const struct contestant *who, const char *command)
{
	uint64_t start = cli_now_ns();
	bool failed = false;
	uint32_t i;
	int status;

	for (i = 0; i < workers; i++)
		switch (fork()) {
		case -1:
			err(CLI_SYSTEM, "fork");
		case 0:
			work(who, command, i);
			_exit(0);
		default:
			break;
		}
	for (i = 0; i < workers; i++)
		failed |= wait(&status) < 0 || status;
	printf("{\"bench\":\"%s\",\"name\":\"%s\",\"command\":\"%s\",\"workers\":%llu,\"pods\":%llu,\"all_us\":%.1f,"
	       "\"failed\":%s}\n",
	       tag, who->name, command, (unsigned long long)workers, (unsigned long long)pods,
	       (double)(cli_now_ns() - start) / 1000, failed ? "true" : "false");
	fflush(stdout);
	usleep(30 * STEP_US);
}

static void measure_at_once(void)
{
	uint64_t round;
	uint32_t i;

	for (round = 0; round < rounds; round++)
		for (i = 0; i < contestant_count; i++) {
			at_once(&contestants[i], "ADD");
			at_once(&contestants[i], "DEL");
		}
}

/* --- the world ---------------------------------------------------------------------------------------- */

/* As "ip netns add" does. */
static void make_netns(const struct contestant *who, uint32_t pod)
{
	char path[64];
	int status;
	pid_t pid;

	netns_path(who, pod, path, sizeof(path));
	if (!access(path, F_OK))
		return;
	close(open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0));
	pid = fork();
	if (!pid)
		_exit(unshare(CLONE_NEWNET) ||
		      mount("/proc/self/ns/net", path, "none", MS_BIND, NULL));
	if (pid < 0 || waitpid(pid, &status, 0) != pid || status)
		errx(CLI_SYSTEM, "make network namespace %s", path);
}

static void read_conf(const char *path, char *text)
{
	FILE *file = fopen(path, "re");
	size_t got;

	if (!file)
		err(CLI_SYSTEM, "%s", path);
	got = fread(text, 1, TEXT_MAX - 1, file);
	text[got] = '\0';
	fclose(file);
}

static void add_contestant(char *text)
{
	struct contestant *who = &contestants[contestant_count++];
	char *plugin = strchr(text, '='), *conf = plugin ? strrchr(plugin, ':') : NULL;

	if (!conf)
		cli_usage_die("%s: want NAME=PLUGIN:CONF", text);
	*plugin++ = *conf++ = '\0';
	who->name = text;
	who->plugin = plugin;
	read_conf(conf, who->conf);
}

/* As many Pods as are ever used; programs that are only started need none. */
static void make_pods(void)
{
	uint32_t most = (uint32_t)(workers > 1 || pods > 1 ? pods : present.v[present.n - 1] + 1),
		 i, pod;
	const bool needed = !strstr(commands, "VERSION") && !fails;
	char(*results)[TEXT_MAX];

	for (i = 0; i < contestant_count; i++) {
		results = mmap(NULL, (size_t)most * TEXT_MAX, PROT_READ | PROT_WRITE,
			       MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
		if (results == MAP_FAILED)
			err(CLI_SYSTEM, "mmap");
		contestants[i].results = results;
		for (pod = 0; needed && pod < most; pod++)
			make_netns(&contestants[i], pod);
	}
}

int main(int argc, char **argv)
{
	int first = argc;

	while (first > 1 && strchr(argv[first - 1], '=') && argv[first - 1][0] != '-')
		first--;
	cli_parse(options, first, argv);
	if (argc - first < 1 || argc - first > CONTESTANTS_MAX)
		cli_usage_die("want 1 to %d contestants", CONTESTANTS_MAX);
	contestants = calloc(CONTESTANTS_MAX, sizeof(*contestants));
	if (!contestants)
		err(CLI_SYSTEM, "calloc");
	for (; first < argc; first++)
		add_contestant(argv[first]);
	mkdir("/run/netns", 0755);
	make_pods();
	if (workers > 1 || pods > 1)
		measure_at_once();
	else
		measure_beside();
	return CLI_OK;
}
