// SPDX-License-Identifier: Apache-2.0
/* between: runs a second call between two system calls of a first, at one after the other of these. */
#include "calls.h"
#include "cli.h"
#include "nl.h"

#include <err.h>
#include <glob.h>
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define TIMEOUT_S  120 /* of one point */
#define STATE_SIZE 8192
#define END_SIZE   (STATE_SIZE + 32) /* with two statuses */
#define PODS	   2
#define LEDGER	   "/run/ledger/"

static const char *program, *first, *second, *dir, *bpffs, *device, *before = "", *retried = "";
static uint64_t at, share = 1, skip;
static uint64_t violations;

/* --- what there is ---------------------------------------------------------------------------- */

static char state[STATE_SIZE];
static struct nl pods[PODS];

static void add(const char *before_it, const char *text)
{
	size_t at_end = strlen(state);

	snprintf(state + at_end, sizeof(state) - at_end, "%s%s ", before_it, text);
}

static void add_link(const struct nlmsghdr *msg, void *arg)
{
	const struct nlattr *tb[NL_ATTR_MAX];

	nl_attrs(msg, sizeof(struct ifinfomsg), tb);
	if (tb[IFLA_IFNAME] && strcmp(mnl_attr_get_str(tb[IFLA_IFNAME]), "lo") != 0)
		add(arg, mnl_attr_get_str(tb[IFLA_IFNAME]));
}

static void add_names(const char *pattern)
{
	glob_t found = { 0 };
	size_t i;

	if (!glob(pattern, 0, NULL, &found))
		for (i = 0; i < found.gl_pathc; i++)
			if (strcmp(strrchr(found.gl_pathv[i], '/'), "/queues") != 0)
				add("", strrchr(found.gl_pathv[i], '/') + 1);
	globfree(&found);
}

static void add_owners(void)
{
	char owner[256];
	glob_t found = { 0 };
	FILE *file;
	size_t i;

	if (!glob(LEDGER "10.*", 0, NULL, &found))
		for (i = 0; i < found.gl_pathc; i++) {
			file = fopen(found.gl_pathv[i], "re");
			if (!file || !fgets(owner, sizeof(owner), file))
				owner[0] = '\0';
			if (file)
				fclose(file);
			owner[strcspn(owner, "\n")] = '\0';
			add(found.gl_pathv[i] + strlen(LEDGER), ":");
			add("", owner);
		}
	globfree(&found);
}

/* How often the IPAM plugin was asked to free the first Pod's address. */
static void add_freed(void)
{
	FILE *file = fopen(LEDGER ".calls", "re");
	char line[512], text[32];
	int freed = 0;

	while (file && fgets(line, sizeof(line), file))
		freed += !strncmp(line, "DEL c-p1 ", strlen("DEL c-p1 "));
	if (file)
		fclose(file);
	snprintf(text, sizeof(text), "freed:%d", freed);
	add("", text);
}

/* Attachments, addresses with their owners, and notes. */
static void read_state(void)
{
	static char labels[PODS][8] = { "p1:", "p2:" };
	char pattern[4096];
	struct ifinfomsg *link;
	int i;

	state[0] = '\0';
	add_names("/sys/class/net/nk*");
	snprintf(pattern, sizeof(pattern), "%s/nk-cni/ln0/q*", bpffs);
	add_names(pattern);
	add_names("/run/nk-cni/journal.d/*/*/*");
	for (i = 0; i < PODS; i++) {
		link = nl_request(&pods[i], RTM_GETLINK, NLM_F_DUMP, sizeof(*link));
		link->ifi_family = AF_UNSPEC;
		if (nl_talk(&pods[i], add_link, labels[i]))
			errx(CLI_SYSTEM, "devices of %s %s", labels[i], nl_why(&pods[i]));
	}
	add_owners();
	add_freed();
}

static bool is_clean(void)
{
	read_state();
	return !strcmp(state, "freed:0 ");
}

/* --- one point -------------------------------------------------------------------------------- */

static void print_file(const char *path)
{
	char line[4096];
	FILE *file = fopen(path, "re");

	while (file && fgets(line, sizeof(line), file))
		fputs(line, stdout);
	if (file)
		fclose(file);
}

/* The Pod's device is deleted, with what is in its place on the host. */
static void end_device(struct nl *pod)
{
	struct ifinfomsg *link = nl_request(pod, RTM_DELLINK, 0, sizeof(*link));

	mnl_attr_put_strz(&pod->request.msg, IFLA_IFNAME, device);
	if (nl_talk(pod, NULL, NULL))
		errx(CLI_SYSTEM, "delete %s: %s", device, nl_why(pod));
}

/* A call of the preparation must succeed. */
static void must(const char *name)
{
	char prefix[4096], out[4200];

	if (!strcmp(name, "gone_p1")) {
		end_device(&pods[0]);
		return;
	}
	snprintf(prefix, sizeof(prefix), "%s/%s", dir, name);
	snprintf(out, sizeof(out), "%s.out", prefix);
	if (!calls_run(program, prefix, out))
		return;
	printf("%s failed while the next point was prepared\n", name);
	print_file(out);
	exit(CLI_UNMET);
}

/* Nothing is there but what the calls of --before make. */
static void reset(void)
{
	char names[256], *name, *rest = names;

	unlink(LEDGER ".calls");
	if (!is_clean()) {
		must("del_p1");
		must("del_p2");
		unlink(LEDGER ".calls");
		if (!is_clean())
			errx(CLI_UNMET, "after both DELs there is: %s", state);
	}
	snprintf(names, sizeof(names), "%s", before);
	while ((name = strsep(&rest, ",")))
		if (*name)
			must(name);
	unlink(LEDGER ".calls");
}

/* As its runtime does, if it failed. */
static void retry(const char *name, int *status)
{
	char prefix[4096], out[4200];

	if (!*status || strcmp(name, retried) != 0)
		return;
	snprintf(prefix, sizeof(prefix), "%s/%s", dir, name);
	snprintf(out, sizeof(out), "%s.out", prefix);
	*status = calls_run(program, prefix, out);
}

/*
 * One point, from the reset on; @turned: with --second as the first of both. @end gets both statuses,
 * that of --first in front, and the state. Return: the system calls of the first
 */
static uint64_t run_point(bool turned, uint64_t n, char end[END_SIZE])
{
	char paths[4][4096];
	struct calls_round round = { .program = program,
				     .at = n,
				     .first = paths[0],
				     .second = paths[1],
				     .first_out = paths[2],
				     .second_out = paths[3] };

	alarm(TIMEOUT_S);
	reset();
	snprintf(paths[0], sizeof(paths[0]), "%s/%s", dir, turned ? second : first);
	snprintf(paths[1], sizeof(paths[1]), "%s/%s", dir, turned ? first : second);
	snprintf(paths[2], sizeof(paths[2]), "%s/one.out", dir);
	snprintf(paths[3], sizeof(paths[3]), "%s/two.out", dir);
	calls_round(&round);
	retry(turned ? second : first, &round.first_status);
	retry(turned ? first : second, &round.second_status);
	read_state();
	snprintf(end, END_SIZE, "%d %d %s", turned ? round.second_status : round.first_status,
		 turned ? round.first_status : round.second_status, state);
	return round.count;
}

static void tell_violation(uint64_t n, const char *end, const char *in_order, const char *turned)
{
	char path[4096];

	violations++;
	printf("VIOLATION: %s at call %llu of %s: '%s' is neither '%s' nor '%s'\n", second,
	       (unsigned long long)n, first, end, in_order, turned);
	snprintf(path, sizeof(path), "%s/one.out", dir);
	print_file(path);
	snprintf(path, sizeof(path), "%s/two.out", dir);
	print_file(path);
}

/* --- commands --------------------------------------------------------------------------------- */

/*
 * A call NAME is written in DIR/NAME.env and .in (calls.h). Printed at the end: points, calls of the
 * first, violations.
 */
static int run_points(int argc, char **argv)
{
	const struct cli_opt options[] = {
		{ "program", CLI_STR, &program, .help = "FILE: the plugin", .required = true },
		{ "dir", CLI_STR, &dir, .help = "DIR: of the calls' files", .required = true },
		{ "bpffs", CLI_STR, &bpffs, .help = "DIR", .required = true },
		{ "device", CLI_STR, &device, .help = "NAME: in the Pods", .required = true },
		{ "first", CLI_STR, &first, .help = "NAME: of a call", .required = true },
		{ "second", CLI_STR, &second, .help = "NAME: likewise", .required = true },
		{ "before", CLI_STR, &before, .help = "NAME,NAME...: calls that come before" },
		{ "retry", CLI_STR, &retried,
		  .help = "NAME: of a call that is repeated if it failed" },
		{ "share", CLI_U64, &share, 1, UINT32_MAX, .help = "N: only each Nth point" },
		{ "skip", CLI_U64, &skip, 0, UINT32_MAX, .help = "N: points before the first" },
		{ 0 },
	};
	static char in_order[END_SIZE], turned[END_SIZE], end[END_SIZE];
	uint64_t n, calls, points = 0;

	cli_parse(options, argc, argv);
	nl_open(&pods[0], NETLINK_ROUTE, "/run/netns/p1");
	nl_open(&pods[1], NETLINK_ROUTE, "/run/netns/p2");
	run_point(true, 0, turned);
	calls = run_point(false, 0, in_order);
	for (n = 1 + skip; n <= calls; n += share) {
		run_point(false, n, end);
		points++;
		if (strcmp(end, in_order) != 0 && strcmp(end, turned) != 0)
			tell_violation(n, end, in_order, turned);
	}
	printf("%llu %llu %llu\n", (unsigned long long)points, (unsigned long long)calls,
	       (unsigned long long)violations);
	return CLI_OK;
}

/* Printed: the calls until then, and the status. */
static int run_kill(int argc, char **argv)
{
	const struct cli_opt options[] = {
		{ "program", CLI_STR, &program, .help = "FILE: the plugin", .required = true },
		{ "call", CLI_STR, &first, .help = "PREFIX: of its files", .required = true },
		{ "at", CLI_U64, &at, 0, UINT32_MAX, .help = "N: the system call; 0: none" },
		{ 0 },
	};
	struct calls_round round;
	char out[4096];

	cli_parse(options, argc, argv);
	alarm(TIMEOUT_S);
	snprintf(out, sizeof(out), "%s.out", first);
	round = (struct calls_round){
		.program = program, .first = first, .first_out = out, .at = at
	};
	calls_round(&round);
	printf("%llu %d\n", (unsigned long long)round.count, round.first_status);
	return CLI_OK;
}

int main(int argc, char **argv)
{
	static const struct cli_cmd commands[] = {
		{ "points", run_points, "does the end differ from that of both serial orders?" },
		{ "kill", run_kill, "kills a call there" },
		{ 0 },
	};

	return cli_dispatch(commands, argc, argv);
}
