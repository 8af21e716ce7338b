// SPDX-License-Identifier: Apache-2.0
/* log.c - messages for the operator */
#include "base/log.h"

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/text.h"
#include "base/trust.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/banned.h"

#define LINE_SIZE  3072
#define LINE_BEGIN "] nk-cni: " /* follows time and process */
#define JSON_BEGIN "{\"plugin\":\"nk-cni\","
#define PHASES	   32

static const char *const names[] = {
	[NK_LOG_ERROR] = "error",
	[NK_LOG_WARNING] = "warning",
	[NK_LOG_INFO] = "info",
	[NK_LOG_DEBUG] = "debug",
};

static struct {
	enum nk_log_level level;
	bool json;
	const char *file, *network;
	const char *command, *pod, *container, *ifname;
} sink = { NK_LOG_WARNING, false, "", "", "", "", "", "" };

static struct {
	struct {
		const char *name;
		int64_t ns;
	} at[PHASES];
	uint32_t count;
	int64_t last; /* CLOCK_MONOTONIC; 0: there is none yet */
} phases;

void nk_log_init(enum nk_log_level level, const char *file, bool json, const char *network)
{
	sink.level = level;
	sink.file = file;
	sink.json = json;
	sink.network = network;
}

int nk_log_level(const char *name)
{
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (!strcmp(name, names[i]))
			return (int)i;
	return -1;
}

void nk_log_subject(const char *command, const char *pod, const char *container, const char *ifname)
{
	sink.command = command;
	sink.pod = pod;
	sink.container = container;
	sink.ifname = ifname;
}

/* warn_unwritable() - once; further lines go to stderr, except errors */
static void warn_unwritable(const char *why)
{
	static bool is_said;
	off_stack char line[LINE_SIZE];

	if (is_said)
		return;
	is_said = true;
	snprintf(line, sizeof(line), "nk-cni: warning: cannot write logFile %s: %s", sink.file,
		 why);
	nk_text_clean(line, "");
	dprintf(STDERR_FILENO, "%s\n", line);
}

/* is_ours() - an empty file, or one that begins with a line of ours: other files are not appended to */
static bool is_ours(int fd)
{
	char head[64] = "";
	ssize_t n = pread(fd, head, sizeof(head) - 1, 0);

	head[n > 0 ? n : 0] = '\0';
	head[strcspn(head, "\n")] = '\0';
	return !n || (isdigit((unsigned char)*head) && strstr(head, LINE_BEGIN)) ||
	       !strncmp(head, JSON_BEGIN, sizeof(JSON_BEGIN) - 1);
}

/* open_file() - Whoever writes a network's configuration may not be root on the node. So accept
 * only a file that only root can have put there, and that nk-cni began.
 */
static int open_file(void)
{
	struct nk_error err = { 0 };
	int dir cleanup_close = nk_trust_walk(sink.file, false, &err);
	int fd cleanup_close = -1;
	struct stat st;

	if (dir < 0) {
		warn_unwritable(err.details);
		return -1;
	}
	fd = openat(dir, strrchr(sink.file, '/') + 1,
		    O_RDWR | O_APPEND | O_CREAT | O_NOFOLLOW | O_CLOEXEC | O_NOCTTY | O_NONBLOCK,
		    0600);
	if (fd < 0 || fstat(fd, &st)) {
		warn_unwritable(nk_errno_name(errno));
		return -1;
	}
	if (!S_ISREG(st.st_mode) || st.st_nlink != 1 || st.st_uid != nk_trust_uid() ||
	    !is_ours(fd)) {
		warn_unwritable("not a log file of nk-cni; name a file that does not exist yet");
		return -1;
	}
	return nk_steal_fd(&fd);
}

static void put_string(FILE *out, const char *key, const char *value)
{
	if (!*value)
		return;
	fprintf(out, ",\"%s\":\"", key);
	for (; *value; value++)
		fprintf(out, *value == '"' || *value == '\\' ? "\\%c" : "%c",
			*value >= ' ' && *value <= '~' ? *value : '?');
	fputc('"', out);
}

static double phases_ms(void)
{
	int64_t sum = 0;
	uint32_t i;

	for (i = 0; i < phases.count; i++)
		sum += phases.at[i].ns;
	return (double)sum / 1e6;
}

/* put_result() - what the line of a call has more than that of a message; @err: NULL: it succeeded */
static void put_result(FILE *out, const struct nk_error *err)
{
	uint32_t i;

	fprintf(out, ",\"code\":%d", err ? (int)err->code : 0);
	put_string(out, "msg", err ? err->msg : "");
	put_string(out, "details", err ? err->details : "");
	put_string(out, "remedy", err ? err->remedy : "");
	fputs(",\"phases\":{", out);
	for (i = 0; i < phases.count; i++)
		fprintf(out, "%s\"%s\":%.3f", i ? "," : "", phases.at[i].name,
			(double)phases.at[i].ns / 1e6);
	fprintf(out, "},\"ms\":%.3f", phases_ms());
}

/* put_json() - a line about a message, or about the call if that is NULL. Not by json.h, which builds one document at a
 * time: a warning may come while another is built.
 */
static void put_json(FILE *out, const char *stamp, enum nk_log_level level, const char *message,
		     const struct nk_error *err)
{
	fprintf(out, JSON_BEGIN "\"time\":\"%s\",\"pid\":%d", stamp, (int)getpid());
	put_string(out, "level", names[level]);
	put_string(out, "command", sink.command);
	put_string(out, "network", sink.network);
	put_string(out, "containerID", sink.container);
	put_string(out, "ifName", sink.ifname);
	put_string(out, "pod", sink.pod);
	if (message)
		put_string(out, "message", message);
	else
		put_result(out, err);
	fputs("}\n", out);
}

static void put_plain(FILE *out, const char *stamp, enum nk_log_level level, const char *message)
{
	char subject[576] = "";

	if (*sink.container)
		snprintf(subject, sizeof(subject), " (%.250s%scontainer %.255s%s%.15s)", sink.pod,
			 *sink.pod ? ", " : "", sink.container, *sink.ifname ? ", " : "",
			 sink.ifname);
	nk_text_clean(subject, "");
	fprintf(out, "%s [%d] nk-cni: %s: %s%s\n", stamp, (int)getpid(), names[level], message,
		subject);
}

/* append_line() - one write for the whole line, because many calls write to the file */
static void append_line(enum nk_log_level level, const char *message, const struct nk_error *err)
{
	const time_t now = time(NULL);
	int fd cleanup_close = open_file();
	char stamp[32] = "", *line = NULL;
	FILE *out = fd < 0 ? NULL : open_memstream(&line, &(size_t){ 0 });
	struct tm tm;

	if (!out)
		return;
	if (gmtime_r(&now, &tm))
		strftime(stamp, sizeof(stamp), "%FT%TZ", &tm);
	if (sink.json)
		put_json(out, stamp, level, message, err);
	else
		put_plain(out, stamp, level, message);
	if (!fclose(out) && write(fd, line, strlen(line)) < 0)
		warn_unwritable(nk_errno_name(errno));
	free(line);
}

void nk_log(enum nk_log_level level, const char *fmt, ...)
{
	off_stack char message[LINE_SIZE];
	off_stack char line[LINE_SIZE + 32];
	va_list ap;
	int size;

	if (level > sink.level)
		return;
	va_start(ap, fmt);
	vsnprintf(message, sizeof(message), fmt, ap);
	va_end(ap);
	nk_text_clean(message, "");
	if (*sink.file && !(sink.json && level != NK_LOG_WARNING))
		append_line(level, message, NULL);
	size = snprintf(line, sizeof(line), "nk-cni: %s: %s\n", names[level], message);
	/* Errors go to stdout. A lost line is no error. */
	if (level == NK_LOG_ERROR || write(STDERR_FILENO, line, (size_t)size) < 0)
		return;
}

void nk_log_phase(const char *name)
{
	const int64_t now = nk_clock_ns(CLOCK_MONOTONIC);
	const int64_t last = phases.last ? phases.last :
					   now - nk_clock_ns(CLOCK_PROCESS_CPUTIME_ID);
	uint32_t i;

	for (i = 0; i < phases.count && strcmp(phases.at[i].name, name) != 0; i++)
		;
	phases.last = now;
	if (i == PHASES)
		return;
	phases.at[i].name = name;
	phases.at[i].ns += now - last;
	phases.count += i == phases.count;
}

/* log_phases() - with level debug, one line: the sum in milliseconds, and each phase in the order of its first call */
static void log_phases(void)
{
	char text[PHASES * 48] = "";
	size_t used = 0;
	uint32_t i;

	if (sink.level < NK_LOG_DEBUG)
		return;
	for (i = 0; i < phases.count && used < sizeof(text); i++)
		used += (size_t)snprintf(text + used, sizeof(text) - used, "%s%s %.3f",
					 i ? ", " : "", phases.at[i].name,
					 (double)phases.at[i].ns / 1e6);
	nk_log(NK_LOG_DEBUG, "%s took %.3f ms: %s", sink.command, phases_ms(), text);
}

/* log_whole() - an error with its details and its remedy */
static void log_whole(enum nk_log_level level, const struct nk_error *err)
{
	nk_log(level, "%s: %s%s%s", err->msg, err->details, *err->remedy ? "; remedy: " : "",
	       err->remedy);
}

void nk_log_call(const struct nk_error *err)
{
	if (sink.json && *sink.file)
		append_line(err ? NK_LOG_ERROR : NK_LOG_INFO, NULL, err);
	if (err)
		log_whole(NK_LOG_ERROR, err);
	else
		nk_log_info("%s of network %s%s%s%s%s done", sink.command, sink.network,
			    *sink.container ? ", container " : "", sink.container,
			    *sink.ifname ? ", " : "", sink.ifname);
	log_phases();
}

void nk_log_tolerated(const struct nk_error *err)
{
	log_whole(NK_LOG_WARNING, err);
}

int nk_log_keep_first(int first, int rc, struct nk_error *err, struct nk_error *mine)
{
	if (rc && !first)
		*err = *mine;
	else if (rc)
		nk_log_tolerated(mine);
	nk_error_reset(mine);
	return first ? first : rc;
}
