/* SPDX-License-Identifier: Apache-2.0 */
/* Calls of a CNI plugin that are written down in files, and a call that is stopped at a system call. */
#ifndef NKT_CALLS_H
#define NKT_CALLS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/*
 * A call is given by a prefix: PREFIX.env has its environment, a variable a line, PREFIX.in is its
 * stdin, PREFIX.args, if there, its arguments, one a line. Its stdout and stderr go to a file of the caller's choice.
 *
 * A status is 128 + N after signal N.
 */
#define CALLS_NONE (-1)

struct calls_round {
	const char *program, *first, *second; /* without second the first is killed */
	const char *first_out, *second_out;
	uint64_t at;	  /* the system call of the first; 0: its end */
	uint64_t count;	  /* system calls of the first until its end or its stop */
	int first_status; /* set by calls_round(), as all that follows */
	int second_status;
	bool during; /* was the second started before the first had ended? */
};

/*
 * 1. Start the first, and stop it after its at-th system call, counted from the first read
 *    of its stdin on, or, with arguments, from where the dynamic loader is done.
 * 2. Start the second. Wait until it has ended, or sleeps in flock(2): then it waits for the first.
 * 3. Let the first go on. Wait for both.
 *
 * Exits on a failure of its own.
 */
void calls_round(struct calls_round *round);

/* A call by itself. Return: its status */
int calls_run(const char *program, const char *prefix, const char *out);

/* Forks; the child is traced and stopped before it returns 0. */
pid_t calls_fork_traced(void);
/* Until the next stop or the end. */
int calls_wait(pid_t pid);
bool calls_has_ended(int status);
/* The same as the shell has it. */
int calls_status(int status);
/* On to where it enters a system call, or leaves the one that it is in, or to its end; their status. */
int calls_next(pid_t pid);
int calls_next_exit(pid_t pid);
/* On to where pause.h stops it, or to its end. */
int calls_to_pause(pid_t pid);

#endif
