// SPDX-License-Identifier: Apache-2.0
/*
 * main.c - one CNI call: read, do, answer
 *
 *  1. CNI_* variables become a struct nk_request; without CNI_COMMAND we say who we are.
 *  2. stdin becomes a struct nk_config. Both are const from here on.
 *  3. The command works; signals wait until it has ended.
 *  4. What it answers is written to stdout. If that fails after an ADD, the ADD is taken back.
 *  5. An error of any of these is one JSON object on stdout, and exit status 1.
 *
 * People give a word instead, see words[].
 *
 * This is the only file that reads the environment, writes stdout and ends the process.
 */
#include "attach.h"
#include "commands.h"
#include "config.h"
#include "conflist.h"
#include "error.h"
#include "json.h"
#include "lock.h"
#include "log.h"
#include "request.h"
#include "result.h"
#include "text.h"
#include "upkeep.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "banned.h"

#define STDIO_MS 60000 /* for a caller whose stdin or stdout is O_NONBLOCK */

/* All there is of one call. */
struct call {
	struct nk_request request;
	struct nk_config config;
	struct nk_attachment att;
	struct nk_ipam_result ips;
	char version[8]; /* cniVersion of the answer */
	char *input;
	size_t input_size;
	bool for_people; /* called with a word: errors are text on stderr */
	struct {
		const char *bpffs;
		char *const *nics;
		int nic_count; /* 0: all */
		bool json, forget;
	} options; /* that followed the word */
};

static const char *get_variable(const char *name)
{
	return getenv(name);
}

static void print_about(void)
{
	unsigned int i;

	fprintf(stderr,
		"CNI plugin nk-cni %s: netkit devices with leased NIC queues\n"
		"CNI protocol versions supported:",
		NK_VERSION);
	for (i = 0; nk_config_versions[i]; i++)
		fprintf(stderr, "%s %s", i ? "," : "", nk_config_versions[i]);
	fputs("\nBy hand:\n"
	      "  nk-cni plan < FILE             what an ADD of this configuration or list would do\n"
	      "  nk-cni list [--json]           the attachments with queues, and how they fare\n"
	      "  nk-cni stats                   the same as metrics for Prometheus\n"
	      "  nk-cni reload [NIC...]         put this build's XDP program on, and the policy\n"
	      "  nk-cni repair [NIC...]         enter again what NICs have lost: rules, contexts, settings\n"
	      "  nk-cni gc [--forget]           remove what is dead: Pods whose DEL never came; with\n"
	      "                                 --forget also notes of addresses whose IPAM plugin\n"
	      "                                 cannot be asked: each is named, and stays reserved\n"
	      "  nk-cni release [NIC...]        take all of nk-cni off NICs that lend no queue\n"
	      "all but plan take --bpffs DIR, default /sys/fs/bpf\n",
	      stderr);
}

/* keep_standard_fds() - a file we open must never become a stdout that the caller had closed: our
 * result would go into it. What takes the place refuses to be read or written.
 */
static void keep_standard_fds(void)
{
	int fd;

	for (fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		if (fcntl(fd, F_GETFD) < 0 &&
		    open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY) != fd)
			abort();
}

/* hold_signals() - what would end us in the middle of a change waits until it is whole. */
static void hold_signals(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGHUP);
	sigprocmask(SIG_BLOCK, &set, NULL);
}

/* try_again() - after a read or write that failed: was it interrupted, or is a caller's O_NONBLOCK
 * file not ready, but will be in time?
 */
static bool try_again(int fd, short events)
{
	struct pollfd ready = { .fd = fd, .events = events };

	return errno == EINTR || (errno == EAGAIN && poll(&ready, 1, STDIO_MS));
}

static int read_stdin(struct call *call, struct nk_error *err)
{
	ssize_t n;

	call->input = malloc(NK_JSON_SIZE_MAX + 1);
	if (!call->input)
		return nk_error_set(err, NK_CODE_INTERNAL, ENOMEM, "out of memory", "%s", "");
	do {
		n = read(STDIN_FILENO, call->input + call->input_size,
			 NK_JSON_SIZE_MAX + 1 - call->input_size);
		if (n < 0 && !try_again(STDIN_FILENO, POLLIN))
			return nk_error_set(err, NK_CODE_IO, errno, "cannot read stdin", "%s",
					    nk_errno_name(errno));
		call->input_size += n > 0 ? (size_t)n : 0;
	} while (n && call->input_size <= NK_JSON_SIZE_MAX);
	return 0;
}

/* write_stdout() - all of a document and a newline, freed. */
static int write_stdout(char *text, struct nk_error *err)
{
	size_t size = text ? strlen(text) : 0, done = 0;
	ssize_t n;

	if (!text)
		return nk_error_set(err, NK_CODE_INTERNAL, ENOMEM, "out of memory", "%s", "");
	text[size++] = '\n'; /* in place of the NUL; what follows goes by size */
	while (done < size) {
		n = write(STDOUT_FILENO, text + done, size - done);
		if (n < 0 && try_again(STDOUT_FILENO, POLLOUT))
			continue;
		if (n <= 0) {
			free(text);
			return nk_error_set(err, NK_CODE_IO, errno, "cannot write stdout", "%s",
					    nk_errno_name(errno));
		}
		done += (size_t)n;
	}
	free(text);
	return 0;
}

/* print_refusal() - for people */
static void print_refusal(struct nk_error *err)
{
	if (err->code == NK_CODE_NONE)
		return;
	nk_text_clean(err->msg, "");
	nk_text_clean(err->details, "");
	nk_text_clean(err->remedy, "");
	fprintf(stderr, "nk-cni: %s: %s%s%s\n", err->msg, err->details, *err->remedy ? "\n  " : "",
		err->remedy);
}

/* add() - the commit point is the result, written. */
static int add(struct call *call, struct nk_error *err)
{
	struct nk_result result;
	int rc;

	rc = nk_cmd_add(&call->request, &call->config, &call->att, &call->ips, &result, err);
	if (rc)
		return rc;
	rc = nk_attach_commit(&call->att, err);
	if (!rc) {
		nk_cmd_add_release(&call->att);
		rc = write_stdout(nk_result_print(&result), err);
	}
	if (rc)
		nk_cmd_add_undo(&call->request, &call->config, &call->att, err);
	return rc;
}

/* plan_entry() - the plan of one configuration, on stdout */
static int plan_entry(struct call *call, const char *text, struct nk_error *err)
{
	char *plan;
	int rc;

	rc = nk_config_parse(text, strlen(text), &call->request, &call->config, err);
	if (!rc)
		rc = nk_cmd_plan(&call->request, &call->config, &call->att, &plan, err);
	if (!rc)
		rc = write_stdout(plan, err);
	nk_attachment_fini(&call->att);
	nk_config_fini(&call->config);
	call->config = (struct nk_config){ 0 };
	return rc;
}

/* run_plan() - every entry of ours in the list on stdin */
static int run_plan(struct call *call, struct nk_error *err)
{
	unsigned int n;
	char *text;
	int rc;

	rc = nk_request_for_plan(get_variable, &call->request, err);
	if (!rc)
		rc = read_stdin(call, err);
	if (!rc && !call->input_size) {
		nk_error_set(err, NK_CODE_JSON, EINVAL, "there is nothing to plan",
			     "stdin is empty");
		nk_error_remedy(err, "nk-cni plan < FILE");
		return -EINVAL;
	}
	for (n = 0; !rc; n++) {
		rc = nk_conflist_pick(call->input, call->input_size, "nk-cni", n, &text, err);
		if (rc || !text)
			break;
		rc = plan_entry(call, text, err);
		free(text);
	}
	return rc;
}

static int reload_one(const char *nic, void *data, struct nk_error *err)
{
	struct call *call = data;
	const struct nk_upkeep how = {
		.bpffs = call->options.bpffs,
		.is_dir = !call->options.nic_count,
		.attach = call->options.nic_count,
	};
	int rc = nk_upkeep_reload(&call->att, &how, nic, err);

	nk_attachment_fini(&call->att);
	return rc;
}

static int release_one(const char *nic, void *data, struct nk_error *err)
{
	struct call *call = data;
	const struct nk_upkeep how = {
		.bpffs = call->options.bpffs,
		.is_dir = !call->options.nic_count,
	};
	int rc = nk_upkeep_release(&call->att, &how, nic, err);

	nk_attachment_fini(&call->att);
	return rc;
}

/* each_nic() - of those given, or of all that have a directory; the first failure is returned. */
static int each_nic(struct call *call, int (*fn)(const char *nic, void *data, struct nk_error *err),
		    struct nk_error *err)
{
	struct nk_error mine;
	int i, rc, first = 0;

	hold_signals();
	if (!call->options.nic_count)
		return nk_nicdir_each(call->options.bpffs, fn, call, err);
	for (i = 0; i < call->options.nic_count; i++) {
		mine = (struct nk_error){ 0 };
		rc = fn(call->options.nics[i], call, &mine);
		if (rc && !first) {
			first = rc;
			*err = mine;
		}
	}
	return first;
}

static int repair_one(const char *nic, void *data, struct nk_error *err)
{
	struct call *call = data;
	const struct nk_upkeep how = {
		.bpffs = call->options.bpffs,
		.is_dir = !call->options.nic_count,
	};
	int rc = nk_upkeep_repair(&call->att, &how, nic, err);

	nk_attachment_fini(&call->att);
	return rc;
}

static int run_reload(struct call *call, struct nk_error *err)
{
	return each_nic(call, reload_one, err);
}

static int run_repair(struct call *call, struct nk_error *err)
{
	return each_nic(call, repair_one, err);
}

static int run_release(struct call *call, struct nk_error *err)
{
	return each_nic(call, release_one, err);
}

/* show() - on stdout what could be read, also where @rc says that it is not all */
static int show(char *text, int rc, struct nk_error *err)
{
	int written = rc && !text ? 0 : write_stdout(text, err);

	return rc ? rc : written;
}

static int run_list(struct call *call, struct nk_error *err)
{
	char *text;
	int rc = nk_cmd_list(call->options.bpffs, call->options.json, &text, err);

	return show(text, rc, err);
}

static int run_stats(struct call *call, struct nk_error *err)
{
	char *text;
	int rc = nk_cmd_stats(call->options.bpffs, &text, err);

	return show(text, rc, err);
}

static int run_gc(struct call *call, struct nk_error *err)
{
	hold_signals();
	return nk_cmd_gc_all(call->options.bpffs, call->options.forget, err);
}

static int run_help(struct call *call, struct nk_error *err)
{
	(void)call;
	(void)err;
	print_about();
	return 0;
}

static const struct word {
	const char *name;
	bool takes_bpffs, takes_nics, takes_json, takes_forget;
	int (*run)(struct call *call, struct nk_error *err);
} words[] = {
	{ "plan", false, false, false, false, run_plan },
	{ "list", true, false, true, false, run_list },
	{ "stats", true, false, false, false, run_stats },
	{ "reload", true, true, false, false, run_reload },
	{ "repair", true, true, false, false, run_repair },
	{ "gc", true, false, false, true, run_gc },
	{ "release", true, true, false, false, run_release },
	{ "--version", false, false, false, false, run_help },
	{ "--help", false, false, false, false, run_help },
};

/* is_nic_name() - a directory is called like it */
static bool is_nic_name(const char *text)
{
	return *text && *text != '-' && strlen(text) < IFNAMSIZ && !strchr(text, '/');
}

/* parse_options() - what follows a word. Return: 0, or -EINVAL for what it does not take */
static int parse_options(const struct word *word, struct call *call, char **args,
			 struct nk_error *err)
{
	call->options.bpffs = "/sys/fs/bpf";
	for (; *args; args++) {
		if (word->takes_bpffs && !strcmp(*args, "--bpffs") && args[1] && *args[1] == '/' &&
		    strlen(args[1]) < NK_BPFFS_SIZE) {
			nk_config_tidy_path(*++args);
			call->options.bpffs = *args;
		} else if (word->takes_json && !strcmp(*args, "--json")) {
			call->options.json = true;
		} else if (word->takes_forget && !strcmp(*args, "--forget")) {
			call->options.forget = true;
		} else if (word->takes_nics && is_nic_name(*args) && !call->options.nic_count) {
			call->options.nics = args;
			for (call->options.nic_count = 1; args[1] && is_nic_name(args[1]); args++)
				call->options.nic_count++;
		} else {
			nk_error_set(err, NK_CODE_CONFIG, EINVAL, "not an argument of this word",
				     "%s: %.64s", word->name, *args);
			nk_error_remedy(err, "nk-cni --help");
			return -EINVAL;
		}
	}
	return 0;
}

/* run_word() - for people: a runtime gives no word; CNI_COMMAND does not count then */
static int run_word(struct call *call, char **args, struct nk_error *err)
{
	size_t i;
	int rc;

	call->for_people = true;
	for (i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (strcmp(args[0], words[i].name) != 0)
			continue;
		rc = parse_options(&words[i], call, args + 1, err);
		return rc ? rc : words[i].run(call, err);
	}
	nk_error_set(err, NK_CODE_CONFIG, EINVAL, "not a word of nk-cni", "%.64s", args[0]);
	nk_error_remedy(err, "nk-cni --help lists them");
	return -EINVAL;
}

/* lock_limit_ms() - for each lock: the attachment's, the NIC's, the network's. A DEL takes less than CRI-O's minute, IPAM plugin
 * included, a GC less than its 30 s; kubelet gives an ADD 4 minutes.
 */
static uint32_t lock_limit_ms(enum nk_command command)
{
	if (command == NK_COMMAND_ADD)
		return 45000;
	return command == NK_COMMAND_GC ? 5000 : 14000;
}

static int run_command(struct call *call, struct nk_error *err)
{
	nk_lock_set_limit(lock_limit_ms(call->request.command));
	switch (call->request.command) {
	case NK_COMMAND_ADD:
		return add(call, err);
	case NK_COMMAND_CHECK:
		return nk_cmd_check(&call->request, &call->config, &call->att, &call->ips, err);
	case NK_COMMAND_DEL:
		return nk_cmd_del(&call->request, &call->config, &call->att, err);
	case NK_COMMAND_STATUS:
		return nk_cmd_status(&call->request, &call->config, &call->att, err);
	case NK_COMMAND_GC:
		return nk_cmd_gc(&call->request, &call->config, err);
	case NK_COMMAND_NONE:
	case NK_COMMAND_VERSION:
	case NK_COMMAND_PLAN:
		break; /* answered above */
	}
	return 0;
}

static int run(struct call *call, char **args, struct nk_error *err)
{
	int rc;

	if (*args)
		return run_word(call, args, err);
	rc = nk_request_parse(get_variable, &call->request, err);
	if (rc)
		return rc;
	if (call->request.command == NK_COMMAND_NONE) {
		print_about();
		return 0;
	}
	rc = read_stdin(call, err);
	if (rc)
		return rc;
	nk_config_probe_version(call->input, call->input_size, call->version);
	if (call->request.command == NK_COMMAND_VERSION)
		return write_stdout(nk_result_print_versions(call->version), err);
	nk_log_subject(call->request.pod_name, call->request.container_id, call->request.ifname);
	rc = nk_config_parse(call->input, call->input_size, &call->request, &call->config, err);
	if (rc)
		return rc;
	hold_signals();
	rc = run_command(call, err);
	if (!rc)
		nk_log_info("%s of network %s%s%s%s%s done",
			    nk_request_command_name(call->request.command), call->config.name,
			    *call->request.container_id ? ", container " : "",
			    call->request.container_id, *call->request.ifname ? ", " : "",
			    call->request.ifname);
	return rc;
}

int main(int argc, char **argv)
{
	static struct call call = {
		.att = NK_ATTACHMENT_CLOSED,
	};
	struct nk_error err = { 0 }, unheard = { 0 };
	int rc;

	keep_standard_fds();
	signal(SIGPIPE, SIG_IGN);
	signal(SIGXFSZ, SIG_IGN); /* EFBIG instead: what was done is undone */
	nk_config_probe_version("", 0, call.version);
	rc = run(&call, argc > 0 ? argv + 1 : argv, &err);
	if (rc)
		nk_log_error("%s: %s", err.msg, err.details);
	if (rc && call.for_people)
		print_refusal(&err);
	else if (rc && write_stdout(nk_result_print_error(&err, call.version), &unheard))
		nk_log_warn("%s: %s", err.msg, err.details);
	nk_ipam_result_fini(&call.ips);
	nk_attachment_fini(&call.att);
	nk_config_fini(&call.config);
	free(call.input);
	return rc ? EXIT_FAILURE : EXIT_SUCCESS;
}
