// SPDX-License-Identifier: Apache-2.0
/* lock.c - take a flock with a timeout, queued by the kernel */
#include "base/lock.h"

#include "base/clock.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/time.h>

#include "base/banned.h"

#define AGAIN_MS 50 /* the timer repeats: its first signal may arrive just before flock() sleeps */

static uint32_t limit_ms = 15000;

void nk_lock_set_limit(uint32_t ms)
{
	limit_ms = ms;
}

uint32_t nk_lock_limit_ms(void)
{
	return limit_ms;
}

int64_t nk_lock_until(void)
{
	return nk_clock_ms() + limit_ms;
}

static void interrupt_wait(int number)
{
	(void)number; /* the signal only interrupts flock() */
}

static struct timeval timeval_of(int64_t ms)
{
	return (struct timeval){ .tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000 };
}

/* wait_for_lock() - wait in flock() until granted or @until. Return: 0 or a negative errno */
static int wait_for_lock(int fd, int64_t until)
{
	const struct sigaction wake = { .sa_handler = interrupt_wait }; /* without SA_RESTART */
	const int64_t left = until - nk_clock_ms();
	const struct itimerval timer = {
		.it_value = timeval_of(left),
		.it_interval = timeval_of(AGAIN_MS),
	};
	struct itimerval old_timer;
	struct sigaction old_action;
	sigset_t alarm, old_mask;
	int rc;

	if (left <= 0)
		return -EAGAIN;
	sigemptyset(&alarm);
	sigaddset(&alarm, SIGALRM);
	sigaction(SIGALRM, &wake, &old_action);
	sigprocmask(SIG_UNBLOCK, &alarm, &old_mask);
	setitimer(ITIMER_REAL, &timer, &old_timer);
	do
		rc = flock(fd, LOCK_EX) ? -errno : 0;
	while (rc == -EINTR && nk_clock_ms() < until);
	setitimer(ITIMER_REAL, &old_timer, NULL);
	sigprocmask(SIG_SETMASK, &old_mask, NULL);
	sigaction(SIGALRM, &old_action, NULL);
	return rc == -EINTR ? -EAGAIN : rc;
}

int nk_lock_take(int fd, int64_t until)
{
	int rc;

	do
		rc = flock(fd, LOCK_EX | LOCK_NB) ? -errno : 0;
	while (rc == -EINTR);
	if (rc != -EWOULDBLOCK)
		return rc;
	return nk_clock_ms() < until ? wait_for_lock(fd, until) : -EAGAIN;
}

/* read_name() - the name of a process, or "?" */
static void read_name(const char *pid, char ret[32])
{
	char path[40];
	FILE *file;

	snprintf(ret, 32, "?");
	snprintf(path, sizeof(path), "/proc/%s/comm", pid);
	file = fopen(path, "re");
	if (!file)
		return;
	if (fgets(ret, 32, file))
		ret[strcspn(ret, "\n")] = '\0';
	fclose(file);
}

void nk_lock_holder(int fd, char ret[NK_LOCK_HOLDER_SIZE])
{
	char line[256], wanted[64], found[64], pid[16], name[32];
	FILE *locks = fopen("/proc/locks", "re");
	struct stat st;

	snprintf(ret, NK_LOCK_HOLDER_SIZE,
		 "an unknown process (not in /proc/locks; perhaps in another PID namespace)");
	if (!locks)
		return;
	if (fstat(fd, &st))
		st = (struct stat){ 0 };
	snprintf(wanted, sizeof(wanted), "%02x:%02x:%llu", major(st.st_dev), minor(st.st_dev),
		 (unsigned long long)st.st_ino);
	/* "1: FLOCK  ADVISORY  WRITE 12 00:1a:345 0 EOF"; a waiter has "->" before FLOCK */
	while (fgets(line, sizeof(line), locks)) {
		if (sscanf(line, "%*s FLOCK %*s %*s %15s %63s", pid, found) != 2 ||
		    strcmp(found, wanted) != 0)
			continue;
		read_name(pid, name);
		snprintf(ret, NK_LOCK_HOLDER_SIZE, "pid %s (%s)", pid, name);
	}
	fclose(locks);
}
