// SPDX-License-Identifier: Apache-2.0
/* ledger: an IPAM plugin whose reservations are files, quick enough to be called a thousand times. */
#include <dirent.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/*
 *   /run/ledger/<address>	a reservation: "<container id> <CNI_IFNAME>"
 *   /run/ledger/.calls		a line a call: "<command> <container id> <CNI_IFNAME>"
 *
 * Addresses are 10.7.0.2 and up, "count" of them ("count":N in its stdin, default 200). As host-local
 * does, it refuses a second ADD of one container id and CNI_IFNAME. GC frees what its list has not; the
 * list is looked for as text, in JSON without white space.
 */
#define DIR_PATH   "/run/ledger"
#define INPUT_SIZE (1 << 20)

static char input[INPUT_SIZE];
static const char *command, *container_id, *ifname;

static const char *variable(const char *name)
{
	const char *value = getenv(name);

	return value ? value : "";
}

static void read_input(void)
{
	size_t used = 0;
	ssize_t n;

	while ((n = read(STDIN_FILENO, input + used, sizeof(input) - 1 - used)) > 0)
		used += (size_t)n;
}

static int refuse(const char *msg)
{
	printf("{\"cniVersion\":\"1.0.0\",\"code\":100,\"msg\":\"%s\"}\n", msg);
	return EXIT_FAILURE;
}

static void note_call(void)
{
	char line[512];
	int fd = open(DIR_PATH "/.calls", O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600), size;

	size = snprintf(line, sizeof(line), "%s %s %s\n", command, container_id, ifname);
	if (fd < 0 || write(fd, line, (size_t)size) != size)
		err(EXIT_FAILURE, DIR_PATH);
	close(fd);
}

/* Whose a reservation is: container id and interface. */
static void read_owner(const char *name, char id[256], char interface[32])
{
	char path[512];
	FILE *file;

	id[0] = interface[0] = '\0';
	snprintf(path, sizeof(path), DIR_PATH "/%s", name);
	file = fopen(path, "re");
	if (file && fscanf(file, "%255s %31s", id, interface) != 2)
		id[0] = '\0';
	if (file)
		fclose(file);
}

static bool is_listed(const char *id, const char *interface)
{
	char wanted[512], turned[512];

	snprintf(wanted, sizeof(wanted), "{\"containerID\":\"%s\",\"ifname\":\"%s\"", id,
		 interface);
	snprintf(turned, sizeof(turned), "{\"ifname\":\"%s\",\"containerID\":\"%s\"", interface,
		 id);
	return strstr(input, wanted) || strstr(input, turned);
}

/* Of all reservations: the caller's are counted; those that DEL or GC ends are removed. */
static int walk(void)
{
	DIR *dir = opendir(DIR_PATH);
	char id[256], interface[32];
	struct dirent *entry;
	int mine = 0;
	bool own;

	while (dir && (entry = readdir(dir))) {
		if (entry->d_name[0] == '.')
			continue;
		read_owner(entry->d_name, id, interface);
		own = !strcmp(id, container_id) && !strcmp(interface, ifname);
		mine += own;
		if ((own && !strcmp(command, "DEL")) ||
		    (!strcmp(command, "GC") && !is_listed(id, interface)))
			unlinkat(dirfd(dir), entry->d_name, 0);
	}
	if (dir)
		closedir(dir);
	return mine;
}

/* It is there whole or not at all: by a link. */
static int reserve(int number)
{
	char path[64], draft[64], line[512];
	int fd, size, rc;

	snprintf(path, sizeof(path), DIR_PATH "/10.7.0.%d", number);
	snprintf(draft, sizeof(draft), DIR_PATH "/.%d", (int)getpid());
	fd = open(draft, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	size = snprintf(line, sizeof(line), "%s %s\n", container_id, ifname);
	if (fd < 0 || write(fd, line, (size_t)size) != size)
		err(EXIT_FAILURE, "%s", draft);
	close(fd);
	rc = link(draft, path);
	unlink(draft);
	return rc;
}

static int add(void)
{
	const char *text = strstr(input, "\"count\":");
	int count = text ? (int)strtol(text + 8, NULL, 10) : 200, i;

	if (walk())
		return refuse("duplicate allocation");
	for (i = 0; i < count; i++)
		if (!reserve(i + 2)) {
			printf("{\"cniVersion\":\"1.0.0\",\"ips\":[{\"address\":\"10.7.0.%d/24\"}]}\n",
			       i + 2);
			return EXIT_SUCCESS;
		}
	return refuse("no address is free");
}

int main(void)
{
	command = variable("CNI_COMMAND");
	container_id = variable("CNI_CONTAINERID");
	ifname = variable("CNI_IFNAME");
	mkdir(DIR_PATH, 0755);
	read_input();
	note_call();
	if (!strcmp(command, "ADD"))
		return add();
	walk();
	return EXIT_SUCCESS;
}
